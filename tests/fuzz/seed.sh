#!/usr/bin/env bash
# Puts valid inputs into the corpora, so that fuzzing starts behind the first checks.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/pipe corpus/job corpus/manifest corpus/tokenizer corpus/profile corpus/webhook
cp ../../schemas/tests/documents/job.json corpus/job/
cp ../../models/models.toml corpus/manifest/
# The first letter is the kind of file.
for name in general nurse; do { printf t; cat ../../pipeline/profiles/$name.toml; } > corpus/profile/$name; done
{ printf 't'; printf 'schema_version = "1"\nextends = "general@1"\nname = "local"\nversion = 1\n'; } > corpus/profile/local
{ printf 'y'; cat ../../schemas/tests/documents/profile.json; } > corpus/profile/document
{ printf 'y'; cat ../../schemas/tests/documents/norms.json; } | sed '1s/^y/n/' > corpus/profile/norms
# ready; a stated length; two samples; a grey picture of 2 x 2; a sign of life; an outcome
{
  printf '\1\0\0\0\14\0\0\0\1\0\0\0\177\0\0\0\7\0\0\0'
} > corpus/pipe/ready
{
  printf '\2\0\0\0\10\0\0\0\0\0\0\0\0\0\360\77'
  printf '\3\0\0\0\10\0\0\0\0\0\0\0\0\0\0\77'
  printf '\4\0\0\0\40\0\0\0\0\0\0\0\0\0\360\77\2\0\0\0\2\0\0\0\0\5\0\1\2\0\0\0\0\0\0\0\0\0\0\0'
  printf '\1\2\3\4'
  printf '\5\0\0\0\0\0\0\0'
  outcome='{"done":{"facts":{"duration_s":1.0,"has_audio":true,"has_video":true,"sampled_frames":1,"width":2,"height":2,"sha256":"","warnings":[{"code":"TRUNCATED","message":"the file breaks off","count":1}]},"container":"mov,mp4","audio":{"decoder":"aac","decoded":2,"damaged":0},"video":null}}'
  printf '\6\0\0\0'
  printf "\\$(printf %o $((${#outcome} % 256)))\\$(printf %o $((${#outcome} / 256)))\\0\\0"
  printf '%s' "$outcome"
} > corpus/pipe/decode
{
  outcome='{"failed":{"code":"INVALID_MEDIA","message":"no media"}}'
  printf "\\6\\0\\0\\0\\$(printf %o ${#outcome})\\0\\0\\0%s" "$outcome"
} > corpus/pipe/failed
printf '\3abc\4\342\226\201a\201\1' > corpus/tokenizer/small
# An answer: the body and the Retry-After first, then their lengths and the numbers, as `arbitrary` reads them.
printf '{"errcode":45009,"errmsg":"api freq out of limit"}' > corpus/webhook/robot
printf 'Sun, 06 Nov 1994 08:49:37 GMT' > corpus/webhook/date
