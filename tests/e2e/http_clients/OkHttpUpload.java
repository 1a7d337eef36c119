import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Uploads over HTTP/2 by OkHttp: ADDRESS [PATH BYTES]... */
public class OkHttpUpload {
    public static void main(String[] arguments) throws Exception {
        X509TrustManager anybody = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String kind) {}
            public void checkServerTrusted(X509Certificate[] chain, String kind) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, new TrustManager[] {anybody}, null);
        OkHttpClient client = new OkHttpClient.Builder()
            .sslSocketFactory(tls.getSocketFactory(), anybody)
            // Java tells no server name that has no dot.
            .dns(host -> List.of(InetAddress.getByName("127.0.0.1")))
            .hostnameVerifier((host, session) -> true)
            .build();
        for (int i = 1; i < arguments.length; i += 2) {
            byte[] body = new byte[Integer.parseInt(arguments[i + 1])];
            Request request = new Request.Builder()
                .url(arguments[0].replace("localhost", "home.test") + arguments[i])
                .post(RequestBody.create(MediaType.get("application/octet-stream"), body))
                .build();
            String heard;
            try (Response answer = client.newCall(request).execute()) {
                answer.body().bytes();
                boolean isHttp2 = answer.protocol() == Protocol.HTTP_2;
                heard = isHttp2 ? "" + answer.code() : answer.protocol().toString();
            } catch (Exception error) {
                heard = error.toString();
            }
            System.out.println(arguments[i] + " " + heard);
        }
        System.exit(0);
    }
}
