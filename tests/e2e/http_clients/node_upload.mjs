// Uploads over HTTP/2 by Node: ADDRESS [PATH BYTES]...
import { connect } from "node:http2";

const [address, ...uploads] = process.argv.slice(2);

// The status of one upload, on a connection of its own, once its stream is closed.
function upload(path, bytes) {
  return new Promise((resolve) => {
    const client = connect(address, { rejectUnauthorized: false });
    let heard = "nothing";
    client.on("error", (error) => (heard = error.message));
    const stream = client.request({ ":method": "POST", ":path": path });
    stream.on("response", (head) => (heard = head[":status"]));
    stream.on("error", (error) => (heard = error.message));
    stream.on("close", () => {
      client.destroy();
      resolve(heard);
    });
    stream.resume();
    stream.end(Buffer.alloc(Number(bytes), "x"));
  });
}

for (let at = 0; at < uploads.length; at += 2) {
  console.log(uploads[at], await upload(uploads[at], uploads[at + 1]));
}
