//! NGINX itself, in the foreground of a test.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use tokio::net::TcpStream;

use crate::{
    harness::{DEADLINE, Output, eventually},
    real_hub::skip,
};

/// A running NGINX; it ends with the test.
pub struct Nginx {
    child: Child,
    output: Output,
}

/// Configuration around a site; NGINX writes only into its folder.
const AROUND: &str = "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
    events { worker_connections 64; }\n\
    http {\n    access_log off;\n    client_body_temp_path body;\n    proxy_temp_path proxy;\n    \
    fastcgi_temp_path fastcgi;\n    uwsgi_temp_path uwsgi;\n    scgi_temp_path scgi;\n    \
    keepalive_timeout 75;\n    include site.conf;\n}\n";

/// Returns true if NGINX is installed; prints `skipped` otherwise.
pub fn is_there() -> bool {
    let version = Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status();
    let there = version.is_ok_and(|status| status.success());
    if !there {
        skip("nginx");
    }
    there
}

/// Writes a site and the nginx.conf that includes it.
pub fn write(folder: &Path, site: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("site.conf"), site).unwrap();
    fs::write(folder.join("nginx.conf"), AROUND).unwrap();
}

impl Nginx {
    /// Starts it with what was written, and waits until it listens.
    pub async fn start(folder: &Path, address: SocketAddr) -> Self {
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(folder.join("nginx.conf"));
        let command = command.args(["-e", "stderr"]).stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        let mut nginx = Self { child, output };
        eventually(DEADLINE, "nginx listens", async || {
            let ended = nginx.child.try_wait().unwrap();
            assert!(ended.is_none(), "nginx ended: {}", nginx.output.text());
            TcpStream::connect(address).await.is_ok()
        })
        .await;
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.output.finish();
        if std::thread::panicking() {
            eprintln!("--- nginx printed:\n{printed}\n---");
        }
    }
}
