import java.io.IOException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.DefaultServlet;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/** Jetty with openHAB's limits: arguments are the port and the folder to serve. */
public class JettyHub {
    public static void main(String[] arguments) throws Exception {
        Server server = new Server();
        server.addConnector(connector(server, Integer.parseInt(arguments[0])));
        ServletContextHandler context = new ServletContextHandler(ServletContextHandler.SESSIONS);
        context.setResourceBase(arguments[1]);
        context.addServlet(new ServletHolder(new Chunked()), "/chunked");
        context.addServlet(new ServletHolder(new Length()), "/length");
        context.addServlet(new ServletHolder(new DefaultServlet()), "/");
        server.setHandler(context);
        server.start();
        server.join();
    }

    private static ServerConnector connector(Server server, int port) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(8192);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(configuration));
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        connector.setIdleTimeout(300_000);
        return connector;
    }

    /** Flushes each of three parts, and opens a session. */
    private static class Chunked extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            request.getSession(true);
            for (String part : new String[] {"one,", "two,", "three"}) {
                response.getOutputStream().print(part);
                response.flushBuffer();
            }
        }
    }

    /** Reads the body to its end and answers with its length. */
    private static class Length extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            long length = 0;
            byte[] some = new byte[8192];
            for (int read; (read = request.getInputStream().read(some)) >= 0; ) {
                length += read;
            }
            response.getOutputStream().print(request.getRemoteAddr() + " " + length);
        }
    }
}
