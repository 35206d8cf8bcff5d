//! `docs/fields.md`: every field of every document, generated from the published schemas.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use interview_schemas::job::Job;
use interview_schemas::json_schemas;
use interview_schemas::parse::from_json;
use serde_json::Value;

fn docs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// The type of a field in words.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["allOf"].as_array()) {
        let choices: Vec<_> = choices.iter().map(type_of).collect();
        return choices.join(" or ");
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map to {}", type_of(&schema["additionalProperties"]))
        }
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).map(one).collect();
            names.join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn text_of(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

fn write_object(schema: &Value, text: &mut String) {
    let Some(fields) = schema["properties"].as_object() else { return };
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    text.push_str("| field | type | always there | meaning |\n|---|---|---|---|\n");
    for (name, field) in fields {
        let always = if required.contains(name.as_str()) { "yes" } else { "" };
        let _ = writeln!(text, "| `{name}` | {} | {always} | {} |", type_of(field), text_of(field));
    }
    text.push('\n');
}

fn write_definition(schema: &Value, text: &mut String) {
    write_object(schema, text);
    let choices: Vec<&Value> = schema["oneOf"].as_array().into_iter().flatten().collect();
    if !choices.is_empty() && choices.iter().all(|choice| choice.get("const").is_some()) {
        for choice in choices {
            let _ =
                writeln!(text, "- `{}`: {}", choice["const"].as_str().unwrap_or_default(), text_of(choice));
        }
        text.push('\n');
        return;
    }
    for choice in choices {
        // Told apart by `kind`, or by the name of their only field.
        let kind = choice["properties"]["kind"]["const"].as_str();
        let only = choice["properties"].as_object().filter(|fields| kind.is_none() && fields.len() == 1);
        let (name, inner) = match only.and_then(|fields| fields.iter().next()) {
            Some((name, inner)) => (Some(name.as_str()), inner),
            None => (kind, choice),
        };
        let heading = name.map_or_else(|| text_of(choice), |name| format!("`{name}`: {}", text_of(choice)));
        let _ = writeln!(text, "{heading}\n");
        write_object(inner, text);
    }
}

fn reference() -> String {
    let mut text = String::from(
        "<!-- Generated from schemas/json/; UPDATE_SCHEMAS=1 rewrites it. -->\n\n# Fields\n\n\
         \"Always there\": required in what you send, always present in what we write. Times are seconds of the\n\
         recording. See [integrate.md](integrate.md) for how it hangs together.\n\n",
    );
    for (name, schema) in json_schemas() {
        let _ = writeln!(text, "## {name}\n\n{}\n", schema["title"].as_str().unwrap_or_default());
        write_object(&schema, &mut text);
        for (definition, schema) in schema["$defs"].as_object().into_iter().flatten() {
            let _ = writeln!(text, "### {name}: {definition}\n\n{}\n", text_of(schema));
            write_definition(schema, &mut text);
        }
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[test]
fn the_list_of_fields_agrees_with_the_schemas() {
    let wanted = reference();
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(docs("fields.md"), &wanted).unwrap();
    }
    let found = std::fs::read_to_string(docs("fields.md")).unwrap_or_default();
    assert!(found == wanted, "docs/fields.md differs from the code; run the test with UPDATE_SCHEMAS=1");
}

#[test]
fn every_field_has_a_meaning() {
    for line in
        reference().lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `kind` | `"))
    {
        assert!(!line.ends_with("|  |"), "no description: {line}");
    }
}

#[test]
fn the_jobs_in_the_guide_are_jobs() {
    let guide = std::fs::read_to_string(docs("integrate.md")).unwrap();
    let jobs: Vec<&str> =
        guide.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        from_json::<Job>(job.as_bytes()).unwrap();
    }
}
