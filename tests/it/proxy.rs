//! A proxy between the program and an S3 server that does to chosen requests what networks and servers do.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What a request asks of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Head,
    List,
    Put,
    Create,
    Part,
    Complete,
    Abort,
    Delete,
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nobody listens for a while.
    Refuse,
    /// The connection is reset when the request's head has come.
    ResetBefore,
    /// It is reset in the middle of a body: the request's, or, if that has none, the answer's.
    ResetMid,
    /// It is reset when the whole request has come; the server never sees it.
    ResetAfter,
    /// The answer's body ends too soon.
    Truncated,
    /// No answer comes.
    Stall,
    /// Another answer: its status, and the word that S3 says with it.
    Status(u16, &'static str),
    /// Status 200, and an error in the body.
    ErrorIn200,
    /// The server does it, and nobody hears so.
    LostAnswer,
}

/// What is armed.
#[derive(Clone, Copy, Debug)]
struct Rule {
    verb: Verb,
    fault: Fault,
    /// Part of the URL that it is about.
    only: &'static str,
    /// Requests that pass before.
    skip: usize,
    /// Requests that suffer.
    times: usize,
}

/// What the threads of a proxy share.
struct Shared {
    upstream: SocketAddr,
    /// The last is the one that is counted.
    rules: Mutex<Vec<Rule>>,
    refusing: Mutex<Option<Instant>>,
    struck: Mutex<usize>,
    heads: Mutex<Vec<String>>,
    over: AtomicBool,
}

/// The proxy; gone when dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    thread: Option<thread::JoinHandle<()>>,
}

/// How long nobody listens, and how long an answer that does not come is waited for at most.
const REFUSED: Duration = Duration::from_millis(300);
const STALLED: Duration = Duration::from_secs(30);

impl Proxy {
    pub fn new(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream: SocketAddr::from(([127, 0, 0, 1], upstream)),
            rules: Mutex::default(),
            refusing: Mutex::default(),
            struck: Mutex::default(),
            heads: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let thread = Some(thread::spawn(move || listen(&own, listener, port)));
        Self { shared, port, thread }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on `times` requests of `verb` suffer, after `skip` that pass; of those whose URL has `only` in it.
    pub fn arm(&self, verb: Verb, fault: Fault, only: &'static str, skip: usize, times: usize) {
        self.disarm();
        self.arm_too(verb, fault, only, skip, times);
    }

    /// The same beside what was armed before, which is counted no more.
    pub fn arm_too(&self, verb: Verb, fault: Fault, only: &'static str, skip: usize, times: usize) {
        *self.shared.struck.lock().unwrap() = 0;
        self.shared.rules.lock().unwrap().push(Rule { verb, fault, only, skip, times });
    }

    /// The heads of all requests so far, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// Everything passes again; gives how many requests suffered.
    pub fn disarm(&self) -> usize {
        self.shared.rules.lock().unwrap().clear();
        *self.shared.refusing.lock().unwrap() = None;
        thread::sleep(Duration::from_millis(20));
        *self.shared.struck.lock().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(shared: &Arc<Shared>, listener: TcpListener, port: u16) {
    let mut listener = Some(listener);
    while !shared.over.load(Ordering::Relaxed) {
        let refusing = shared.refusing.lock().unwrap().is_some_and(|until| Instant::now() < until);
        if refusing {
            listener = None;
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let Some(open) = &listener else {
            listener = TcpListener::bind(("127.0.0.1", port)).ok();
            continue;
        };
        open.set_nonblocking(true).unwrap();
        match open.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).unwrap();
                let own = Arc::clone(shared);
                thread::spawn(move || {
                    // A client that goes away is what much of this is about.
                    let _ = serve(&own, client);
                });
            }
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The beginning of a request.
pub struct Request {
    pub head: String,
    length: usize,
    /// What came of the body together with the head.
    begun: Vec<u8>,
}

fn serve(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(STALLED))?;
    let Some(request) = read_head(&mut client)? else { return Ok(()) };
    shared.heads.lock().unwrap().push(request.head.clone());
    let line = request.head.lines().next().unwrap_or_default().to_owned();
    let verb = verb(&line);
    let Some((fault, lasting)) = strikes(shared, verb, &line) else {
        let answer = forward(shared, &mut client, &request)?;
        return client.write_all(&answer);
    };
    match fault {
        Fault::Refuse => {
            let length = if lasting { STALLED } else { REFUSED };
            *shared.refusing.lock().unwrap() = Some(Instant::now() + length);
            reset(&client);
        }
        Fault::ResetBefore => reset(&client),
        Fault::ResetMid if request.length > 0 => {
            let mut half = vec![0; (request.length / 2).saturating_sub(request.begun.len())];
            client.read_exact(&mut half)?;
            reset(&client);
        }
        Fault::ResetMid => {
            let answer = forward(shared, &mut client, &request)?;
            client.write_all(&answer[..cut(&answer)])?;
            client.flush()?;
            thread::sleep(Duration::from_millis(20));
            reset(&client);
        }
        Fault::ResetAfter => {
            read_body(&mut client, &request)?;
            reset(&client);
        }
        Fault::Truncated => {
            let answer = forward(shared, &mut client, &request)?;
            client.write_all(&answer[..cut(&answer)])?;
            client.shutdown(Shutdown::Both)?;
        }
        Fault::Stall => {
            read_body(&mut client, &request)?;
            // Until the client has had enough.
            let _ = client.read(&mut [0]);
        }
        Fault::Status(status, word) => {
            read_body(&mut client, &request)?;
            answer(&mut client, status, word, verb)?;
        }
        Fault::ErrorIn200 => {
            read_body(&mut client, &request)?;
            answer(&mut client, 200, "InternalError", verb)?;
        }
        Fault::LostAnswer => {
            forward(shared, &mut client, &request)?;
            reset(&client);
        }
    }
    Ok(())
}

/// What this request suffers, if it does, and whether that goes on and on.
fn strikes(shared: &Shared, verb: Verb, line: &str) -> Option<(Fault, bool)> {
    let mut rules = shared.rules.lock().unwrap();
    let last = rules.len().checked_sub(1)?;
    let meets = |rule: &&mut Rule| rule.verb == verb && rule.times > 0 && line.contains(rule.only);
    let (number, armed) = rules.iter_mut().enumerate().find(|(_, rule)| meets(rule))?;
    if armed.skip > 0 {
        armed.skip -= 1;
        return None;
    }
    let lasting = armed.times > 1000;
    armed.times -= 1;
    *shared.struck.lock().unwrap() += usize::from(number == last);
    Some((armed.fault, lasting))
}

/// What the first line of a request asks.
pub fn verb(line: &str) -> Verb {
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    match method {
        "GET" if has("list-type") || has("uploads") => Verb::List,
        "HEAD" => Verb::Head,
        "PUT" if has("partNumber") => Verb::Part,
        "PUT" => Verb::Put,
        "POST" if has("uploads") => Verb::Create,
        "POST" if has("uploadId") => Verb::Complete,
        "DELETE" if has("uploadId") => Verb::Abort,
        "POST" | "DELETE" => Verb::Delete,
        _ => Verb::Get,
    }
}

/// The head of the next request; none if the client has gone.
pub fn read_head(client: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1 << 14];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match client.read(&mut buffer)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let begun = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    Ok(Some(Request { head, length: length.unwrap_or(0), begun }))
}

/// The whole body of a request.
pub fn read_body(client: &mut TcpStream, request: &Request) -> io::Result<Vec<u8>> {
    let mut body = request.begun.clone();
    let mut rest = vec![0; request.length.saturating_sub(body.len())];
    client.read_exact(&mut rest)?;
    body.append(&mut rest);
    Ok(body)
}

/// Asks the server, and gives its whole answer, told to be the last one on its connection.
fn forward(shared: &Shared, client: &mut TcpStream, request: &Request) -> io::Result<Vec<u8>> {
    let body = read_body(client, request)?;
    let mut server = TcpStream::connect(shared.upstream)?;
    let kept = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:") && !line.is_empty();
    let mut head: Vec<&str> = request.head.split("\r\n").filter(kept).collect();
    head.push("Connection: close");
    server.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes())?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let end = head_end(&answer);
    let (head, rest) = answer.split_at(end);
    let head = String::from_utf8_lossy(head).into_owned();
    let lines: Vec<&str> = head.split("\r\n").filter(kept).chain(["Connection: close"]).collect();
    let mut told = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
    told.extend_from_slice(rest);
    Ok(told)
}

fn head_end(answer: &[u8]) -> usize {
    answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4)
}

/// Half of an answer's body; where there is none, half of its head.
fn cut(answer: &[u8]) -> usize {
    let end = head_end(answer);
    if answer.len() > end { end + (answer.len() - end) / 2 } else { end / 2 }
}

fn answer(client: &mut TcpStream, status: u16, word: &str, verb: Verb) -> io::Result<()> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{word}</Code><Message>made up</Message></Error>"
    );
    let text = if verb == Verb::Head { String::new() } else { text };
    let head = format!(
        "HTTP/1.1 {status} Made Up\r\nContent-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    client.write_all(format!("{head}{text}").as_bytes())
}

/// Closes a connection as a machine that has forgotten it does.
pub fn reset(client: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let size = libc::socklen_t::try_from(size_of::<libc::linger>()).unwrap();
    #[allow(unsafe_code)]
    // SAFETY: the socket is open as long as `client` lives, and the option is a `linger` of the size that is given.
    unsafe {
        libc::setsockopt(
            client.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            std::ptr::from_ref(&linger).cast(),
            size,
        );
    }
}

const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=moto-id/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// One request to a server that looks at no signature, though it wants to see one: the answer's status and body.
pub fn ask(port: u16, method: &str, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\nAuthorization: {SIGNED}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    server.write_all(head.as_bytes()).unwrap();
    server.write_all(body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head") + 4;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_off(end))
}
