import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Uploads over HTTP/2 by the JDK's own client: ADDRESS [PATH BYTES]... */
public class JdkUpload {
    public static void main(String[] arguments) throws Exception {
        X509TrustManager anybody = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String kind) {}
            public void checkServerTrusted(X509Certificate[] chain, String kind) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, new TrustManager[] {anybody}, null);
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
        for (int i = 1; i < arguments.length; i += 2) {
            byte[] body = new byte[Integer.parseInt(arguments[i + 1])];
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0] + arguments[i]))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
            String heard;
            try {
                HttpResponse<byte[]> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofByteArray());
                boolean isHttp2 = answer.version() == HttpClient.Version.HTTP_2;
                heard = isHttp2 ? "" + answer.statusCode() : answer.version().toString();
            } catch (Exception error) {
                heard = error.toString();
            }
            System.out.println(arguments[i] + " " + heard);
        }
        System.exit(0);
    }
}
