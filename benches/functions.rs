//! The cost of the functions that every request passes, measured one by one.
//!
//!     cargo bench --bench functions                    times
//!     cargo bench --bench functions -- instructions    of a call, counted by valgrind: no drift

#![allow(clippy::print_stdout, clippy::panic, clippy::expect_used)]

use std::{
    env, fmt,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    process::Command,
    sync::LazyLock,
};

use hubgate::{
    access::{basic::Basic, network::Client, path},
    authority::LastAuthority,
    config::model::Networks,
    http::http1::request_head::Head,
    transport::chunked::Chunks,
};

/// A browser's request for one of openHAB's items.
const HEAD: &[u8] = b"GET /rest/items?recursive=false&fields=name,state HTTP/1.1\r\n\
    Host: home.example.org\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux aarch64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: application/json\r\n\
    Accept-Language: de,en-US;q=0.7,en;q=0.3\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Referer: https://home.example.org/home\r\n\
    Authorization: Basic YW5uYTpnZWhlaW0=\r\n\
    X-Forwarded-For: 203.0.113.7\r\n\
    Connection: keep-alive\r\n\r\n";
const RULES: [&str; 3] = ["/rest/", "/basicui/", "/rest/events"];
static LAST: LazyLock<LastAuthority> = LazyLock::new(LastAuthority::default);
static READ: LazyLock<Head> = LazyLock::new(|| Head::parse(HEAD, &LAST).expect("it is a head"));
static PROXIES: LazyLock<Networks> =
    LazyLock::new(|| Networks(vec!["192.0.2.0/24".parse().expect("it is a network")]));
/// A path with many interpretations, all of which the same rule decides.
static WORST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut path = b"/rest/;%2f;%5c;/%3b%2f;%5c;/%253b;%2f/".to_vec();
    while path.len() < 8180 {
        path.extend_from_slice(b";%2f;%5c");
    }
    path
});
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A function with its arguments.
struct Function {
    name: &'static str,
    call: fn(),
}

const FUNCTIONS: &[Function] = &[
    Function::new("the end of a head is found", || {
        black_box(Head::end(black_box(HEAD), &mut 0));
    }),
    Function::new("a head is read", || {
        black_box(Head::parse(black_box(HEAD), &LAST).is_ok());
    }),
    Function::new("a path is judged by three rules", || {
        black_box(path::find_rule(black_box(b"/rest/items/Kitchen_Light"), &RULES).is_ok());
    }),
    Function::new("a path with an escaped space is judged", || {
        black_box(path::find_rule(black_box(b"/rest/items/Kitchen%20Light"), &RULES).is_ok());
    }),
    Function::new("a path with an escaped slash is judged", || {
        black_box(path::find_rule(black_box(b"/page/home%2Fkitchen;v=1"), &RULES).is_ok());
    }),
    Function::new("the worst path of 8 KiB is judged", || {
        black_box(path::find_rule(black_box(&WORST), &RULES).is_ok());
    }),
    Function::new("a password is taken from its field", || {
        black_box(Basic::from_request(black_box(&READ.fields)));
    }),
    Function::new("a client is found behind a trusted proxy", || {
        black_box(Client::from_request(
            PROXY.into(),
            &PROXIES,
            black_box(&READ.fields),
        ));
    }),
    Function::new("a small chunk is followed", || {
        black_box(
            Chunks::default()
                .follow(black_box(b"5\r\nhello\r\n0\r\n\r\n"))
                .is_ok(),
        );
    }),
];

impl Function {
    const fn new(name: &'static str, call: fn()) -> Self {
        Self { name, call }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

#[divan::bench(args = FUNCTIONS)]
fn function(function: &Function) {
    (function.call)();
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions", ..] => FUNCTIONS.iter().for_each(count),
        ["call", name, times] => call(name, times.parse().expect("a number of calls")),
        _ => divan::main(),
    }
}

/// Prints the instructions of a call, without the start of the program.
fn count(function: &Function) {
    let (few, many) = (instructions(function, 1000), instructions(function, 2000));
    println!("{:>8}  {function}", (many - few) / 1000);
}

/// Returns the instructions of a process with this number of calls.
fn instructions(function: &Function, calls: u64) -> u64 {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("the program has a path"))
        .args(["call", function.name, &calls.to_string()])
        .output()
        .expect("valgrind runs");
    let told = String::from_utf8_lossy(&ran.stderr);
    let (_, count) = told.rsplit_once("Collected : ").expect("valgrind counts");
    let digits: String = count.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number of instructions")
}

fn call(name: &str, times: u64) {
    let mut known = FUNCTIONS.iter();
    let function = known.find(|it| it.name == name).expect("its name");
    (0..times).for_each(|_| (function.call)());
}
