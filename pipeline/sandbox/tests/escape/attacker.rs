//! What an attacker tries who has taken over the decoder.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;
use std::time::Duration;

use interview_sandbox::layers::{self, Allowance, Layers};
use interview_sandbox::message::{Failure, Kind, Outcome, PictureHeader, Summary, header};
use interview_sandbox::picture::{ColourMatrix, PixelLayout, Rotation};
use interview_sandbox::receive_request;
use interview_sandbox::sender::Sender;
use interview_schemas::ErrorCode;
use interview_schemas::perception::MediaFacts;

/// Starts like a decoder and then does what the request says.
pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let number = |index: usize| arguments[index].parse::<u64>().unwrap();
    let wanted = Layers::from_bits(number(0) as u32);
    let allowance = Allowance { memory_bytes: number(2), cpu_s: number(4) };
    layers::close_other_descriptors();
    let mut pipe = File::from(io::stdout().as_fd().try_clone_to_owned().unwrap());
    let mut sender = Sender::new(pipe.try_clone().unwrap());
    // Needs a name service and files, which there will not be any more.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let active = layers::enter(wanted, allowance);
    sender.ready(active).unwrap();
    let Some((options, _recording)) = receive_request(io::stdin()).unwrap() else {
        return ExitCode::SUCCESS;
    };
    layers::seal(active, false).unwrap();
    let what = String::from_utf8(options).unwrap();
    let message = match try_it(&what, &mut sender, &mut pipe, &listener) {
        Ok(()) => "escaped: it was done".to_owned(),
        Err(error) => format!("refused: {:?}", error.kind()),
    };
    let _ = sender.outcome(&Outcome::Failed(Failure { code: ErrorCode::InvalidMedia, message }));
    ExitCode::SUCCESS
}

/// One try. `Ok` means that it succeeded.
fn try_it(what: &str, sender: &mut Sender<File>, pipe: &mut File, listener: &TcpListener) -> io::Result<()> {
    // SAFETY: in all calls below pointers are to live values or null where that is allowed; what the calls do
    // to this process is the point of the test.
    unsafe {
        match what {
            "socket" => check(i64::from(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0))),
            "connect" => {
                let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr()?.port());
                TcpStream::connect(address).map(drop)
            }
            "exec" => {
                let arguments = [c"/bin/true".as_ptr(), std::ptr::null()];
                check(i64::from(libc::execv(c"/bin/true".as_ptr(), arguments.as_ptr())))
            }
            "open" => File::open("/etc/passwd").map(drop),
            "create" => File::create(std::env::temp_dir().join("interview-escaped")).map(drop),
            "list" => std::fs::read_dir("/").map(drop),
            "memory of the parent" => File::open(format!("/proc/{}/mem", libc::getppid())).map(drop),
            "read the parent" => {
                let mut byte = 0_u8;
                let here = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
                let there = libc::iovec { iov_base: main as *mut libc::c_void, iov_len: 1 };
                check(libc::process_vm_readv(libc::getppid(), &raw const here, 1, &raw const there, 1, 0)
                    as i64)
            }
            "ptrace" => check(libc::ptrace(libc::PTRACE_ATTACH, libc::getppid(), 0, 0)),
            "kill" => check(i64::from(libc::kill(libc::getppid(), 0))),
            "fork" => match libc::fork() {
                0 => libc::_exit(0),
                id => check(i64::from(id)),
            },
            "fork bomb" => loop {
                match libc::fork() {
                    0 => libc::_exit(0),
                    id => check(i64::from(id))?,
                }
            },
            "thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
            "root" => check(i64::from(libc::setresuid(0, 0, 0))),
            "chroot" => check(i64::from(libc::chroot(c"/".as_ptr()))),
            "executable memory" => map(4096, libc::PROT_READ | libc::PROT_EXEC),
            "more memory" => loop {
                map(16 << 20, libc::PROT_READ | libc::PROT_WRITE)?;
            },
            "memory bomb" => {
                let mut bomb = Vec::new();
                loop {
                    bomb.push(vec![1_u8; 16 << 20]);
                }
            }
            "descriptors" => loop {
                check(i64::from(libc::dup(0)))?;
            },
            "write a file" => {
                let path = format!("/tmp/interview-escaped-{}", libc::getpid());
                let mut file = File::create(&path)?;
                std::fs::remove_file(&path)?;
                file.write_all(b"x")
            }
            "spin" => loop {
                std::hint::spin_loop();
            },
            "more time" => {
                let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
                check(i64::from(libc::setrlimit(libc::RLIMIT_CPU, &raw const limit)))
            }
            "silence" => {
                std::thread::sleep(Duration::from_secs(600));
                Ok(())
            }
            "crash" => {
                std::hint::black_box(8_usize as *mut u8).write_volatile(1);
                Ok(())
            }
            "dawdle" => loop {
                sender.alive()?;
                std::thread::sleep(Duration::from_millis(20));
            },
            "abort" => std::process::abort(),
            "exit" => std::process::exit(0),
            "no capabilities" => check(i64::from(libc::unshare(libc::CLONE_NEWNS))),
            _ => try_younger(what, pipe).unwrap_or_else(|| speak(what, sender, pipe)),
        }
    }
}

/// Calls that few programs make, most of them younger than filters of this kind. `None` for all else.
fn try_younger(what: &str, pipe: &File) -> Option<io::Result<()>> {
    // SAFETY: as above.
    Some(unsafe {
        match what {
            "give pages away" => {
                let page = vec![0_u8; 8192];
                let piece = libc::iovec { iov_base: page.as_ptr().cast_mut().cast(), iov_len: page.len() };
                let given = libc::vmsplice(pipe.as_raw_fd(), &raw const piece, 1, libc::SPLICE_F_GIFT);
                check(given as i64)
            }
            // After the request no descriptor may come in, and none of what is younger than the filter is known.
            "another recording" => receive_request(io::stdin()).map(drop),
            "io_uring" => check(libc::syscall(libc::SYS_io_uring_setup, 8_u32, std::ptr::null::<u8>())),
            "bpf" => check(libc::syscall(libc::SYS_bpf, 0, std::ptr::null::<u8>(), 0)),
            "page faults" => check(libc::syscall(libc::SYS_userfaultfd, 0)),
            "a file in memory" => check(i64::from(libc::memfd_create(c"x".as_ptr(), 0))),
            "a process by descriptor" => check(libc::syscall(libc::SYS_pidfd_open, libc::getppid(), 0)),
            "keys" => check(libc::syscall(libc::SYS_keyctl, 0, 0, 0, 0, 0)),
            "mount" => check(i64::from(libc::umount2(c"/proc".as_ptr(), 0))),
            _ => return None,
        }
    })
}

fn check(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn map(length: usize, protection: i32) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: fresh anonymous memory wherever the kernel likes.
    let place = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, -1, 0) };
    if place == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Says to the parent what a decoder would not say.
fn speak(what: &str, sender: &mut Sender<File>, pipe: &mut File) -> io::Result<()> {
    let picture = PictureHeader {
        t_s: 0.0,
        width: 64,
        height: 48,
        rotation: Rotation::None,
        layout: PixelLayout::Gray,
        matrix: ColourMatrix::Bt601,
        full_range: true,
        strides: [64, 0, 0],
    };
    let pixels = [7; 64 * 48];
    match what {
        "behave" => {
            sender.claimed_duration(1.0)?;
            sender.audio(&[0.25; 16_000])?;
            sender.picture(&picture, &[&pixels])?;
            sender.outcome(&Outcome::Done(summary()))?;
            std::process::exit(0);
        }
        "garbage" => pipe.write_all(&[0x5a; 4096]),
        "a huge length" => {
            let mut bytes = header(Kind::Outcome, 0);
            bytes[4..].fill(0xff);
            pipe.write_all(&bytes)
        }
        "a huge picture" => {
            let picture = PictureHeader { width: u32::MAX, height: u32::MAX, ..picture };
            sender.picture(&picture, &[&pixels])
        }
        "not a number" => sender.audio(&[f32::NAN; 16]),
        "time backwards" => {
            sender.picture(&PictureHeader { t_s: 5.0, ..picture }, &[&pixels])?;
            sender.picture(&picture, &[&pixels])
        }
        "endless sound" => loop {
            sender.audio(&[0.0; 4000])?;
        },
        "endless signs of life" => loop {
            sender.alive()?;
        },
        "half a picture" => {
            sender.picture(&picture, &[&pixels[..100]])?;
            std::process::exit(0);
        }
        "a false count" => {
            let mut summary = summary();
            summary.facts.sampled_frames = 9;
            sender.outcome(&Outcome::Done(summary))
        }
        "a false checksum" => {
            let mut summary = summary();
            summary.facts.sampled_frames = 0;
            summary.facts.has_audio = false;
            summary.facts.sha256 = "00".repeat(32);
            sender.outcome(&Outcome::Done(summary))
        }
        "a terminal's control characters" => {
            let message = "\u{1b}]0;owned\u{7}".to_owned();
            sender.outcome(&Outcome::Failed(Failure { code: ErrorCode::InvalidMedia, message }))
        }
        "a code of others" => {
            let message = "the model is gone".to_owned();
            sender.outcome(&Outcome::Failed(Failure { code: ErrorCode::ModelMissing, message }))
        }
        other => panic!("no attack is called {other}"),
    }
}

fn summary() -> Summary {
    Summary {
        facts: MediaFacts {
            duration_s: 1.0,
            has_audio: true,
            has_video: true,
            sampled_frames: 1,
            width: Some(64),
            height: Some(48),
            sha256: String::new(),
            warnings: Vec::new(),
        },
        container: "mov,mp4".to_owned(),
        audio: None,
        video: None,
    }
}
