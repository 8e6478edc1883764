//! Who listens in tests of messages: a service that takes JSON, a mail server that takes letters, a line that can be cut.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A status, and where it points to.
type Answer = (u16, Option<String>);

/// What a service heard.
#[derive(Debug, Clone)]
pub struct Heard {
    pub path: String,
    pub body: String,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A service on loopback that takes whatever is posted to it.
pub struct Ear {
    server: Arc<tiny_http::Server>,
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<Vec<Answer>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Ear {
    pub fn new() -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let answers: Arc<Mutex<Vec<Answer>>> = Arc::default();
        let (own, list, next) = (Arc::clone(&server), Arc::clone(&heard), Arc::clone(&answers));
        let thread = thread::spawn(move || {
            while let Ok(mut request) = own.recv() {
                let mut body = String::new();
                let _ = request.as_reader().read_to_string(&mut body);
                list.lock().unwrap().push(Heard { path: request.url().to_owned(), body });
                let (status, location) = next.lock().unwrap().pop().unwrap_or((200, None));
                let mut response = tiny_http::Response::from_string("ok").with_status_code(status);
                if let Some(location) = location {
                    response.add_header(tiny_http::Header::from_bytes("Location", location).unwrap());
                }
                let _ = request.respond(response);
            }
        });
        Self { server, heard, answers, thread: Some(thread) }
    }

    /// A URL of it that nobody may see.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.server.server_addr())
    }

    /// The next call is answered like this.
    pub fn answer(&self, status: u16, location: Option<&str>) {
        self.answers.lock().unwrap().push((status, location.map(str::to_owned)));
    }

    /// What it heard since it was asked last.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A mail server on loopback that speaks just enough SMTP, without encryption.
pub struct Mailbox {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

impl Mailbox {
    /// `mute`: it takes connections and says nothing.
    pub fn new(mute: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let letters: Arc<Mutex<Vec<String>>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let (list, ended) = (Arc::clone(&letters), Arc::clone(&over));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (list, ended) = (Arc::clone(&list), Arc::clone(&ended));
                thread::spawn(move || {
                    while mute && !ended.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(20));
                    }
                    let _ = converse(client, &list);
                });
            }
        });
        Self { address, letters, over }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The letters that came since it was asked last, each with the commands before it.
    pub fn letters(&self) -> Vec<String> {
        std::mem::take(&mut *self.letters.lock().unwrap())
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(mut client: TcpStream, letters: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    client.write_all(b"220 mailbox of a test\r\n")?;
    let mut said = String::new();
    while let Some(line) = lines.next().transpose()? {
        said += &format!("{line}\n");
        let word = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => client.write_all(b"250-mailbox\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")?,
            "AUTH" => client.write_all(b"235 welcome\r\n")?,
            "DATA" => {
                client.write_all(b"354 go on\r\n")?;
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    said += &format!("{line}\n");
                }
                letters.lock().unwrap().push(std::mem::take(&mut said));
                client.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => return client.write_all(b"221 bye\r\n"),
            _ => client.write_all(b"250 fine\r\n")?,
        }
    }
    Ok(())
}

/// A line to a server that can be cut in the middle of what is sent.
pub struct Line {
    port: u16,
    /// Bytes that still pass to the server; nothing passes below zero.
    left: Arc<AtomicI64>,
    over: Arc<AtomicBool>,
}

impl Line {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let over = Arc::new(AtomicBool::new(false));
        let (budget, ended) = (Arc::clone(&left), Arc::clone(&over));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                if budget.load(Ordering::Relaxed) < 0 {
                    continue;
                }
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let budget = Arc::clone(&budget);
                thread::spawn(move || pump(from, to, Some(&budget)));
                thread::spawn(move || pump(server, client, None));
            }
        });
        Self { port: own, left, over }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// It is cut when so many more bytes have passed, and stays cut.
    pub fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::Relaxed);
    }

    pub fn mend(&self) {
        self.left.store(i64::MAX, Ordering::Relaxed);
    }

    pub fn is_cut(&self) -> bool {
        self.left.load(Ordering::Relaxed) < 0
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, budget: Option<&AtomicI64>) {
    let mut buffer = [0; 1 << 14];
    while let Ok(count) = from.read(&mut buffer) {
        let open = budget.is_none_or(|budget| {
            let count = i64::try_from(count).unwrap_or(0);
            budget.load(Ordering::Relaxed) == i64::MAX || budget.fetch_sub(count, Ordering::Relaxed) >= count
        });
        if count == 0 || !open || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
