package dev.qg.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.LongAdder;

/**
 * A proxy in front of the server that counts round trips and transactions by the messages that pass
 * it, for clients of any language. Counts nothing of the start of a session. Thread-safe.
 */
final class Wire implements AutoCloseable {

  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;

  private final String host;
  private final int port;
  private final ServerSocket server;
  private final LongAdder roundTrips = new LongAdder();
  private final LongAdder transactions = new LongAdder();

  Wire(String host, int port) throws IOException {
    this.host = host;
    this.port = port;
    this.server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    start("wire", this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /**
   * How often clients have waited for the server: the messages Query, Sync, CopyDone and
   * FunctionCall. Statements that are sent together make one.
   */
  long roundTrips() {
    return roundTrips.sum();
  }

  /** How often the server was ready for the next one outside of a transaction. */
  long transactions() {
    return transactions.sum();
  }

  private static void start(String name, Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // One of the two ends is gone, which the other one is told.
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  private interface Task {
    void run() throws IOException;
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = server.accept();
      start("wire-client", () -> serve(client));
    }
  }

  private void serve(Socket client) throws IOException {
    try (client;
        Socket backend = new Socket(host, port)) {
      client.setTcpNoDelay(true);
      backend.setTcpNoDelay(true);
      begin(client, backend);
      start(
          "wire-backend",
          () -> {
            try (client;
                backend) {
              copy(backend.getInputStream(), client.getOutputStream(), new Answers());
            }
          });
      copy(client.getInputStream(), backend.getOutputStream(), new Requests());
    }
  }

  /** Passes on the first message, which has no type. Answers that there is no encryption. */
  private static void begin(Socket client, Socket backend) throws IOException {
    DataInputStream in = new DataInputStream(client.getInputStream());
    while (true) {
      int length = in.readInt();
      int code = in.readInt();
      if (code == SSL_REQUEST || code == GSS_REQUEST) {
        client.getOutputStream().write('N');
      } else {
        byte[] rest = in.readNBytes(length - 8);
        DataOutputStream out = new DataOutputStream(backend.getOutputStream());
        out.writeInt(length);
        out.writeInt(code);
        out.write(rest);
        return;
      }
    }
  }

  private static void copy(InputStream in, OutputStream out, Messages messages) throws IOException {
    byte[] bytes = new byte[1 << 16];
    for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
      // First, so that what has arrived is counted.
      messages.read(bytes, count);
      out.write(bytes, 0, count);
    }
  }

  /** Finds the messages in a stream: a byte for the type, four for the length, a body. */
  private abstract static class Messages {

    private static final int HEADER = 5;

    private int type;
    private int seen;
    private int length;

    abstract void message(int messageType, int firstOfBody);

    final void read(byte[] bytes, int count) {
      int i = 0;
      while (i < count) {
        if (seen < HEADER) {
          int next = bytes[i++] & 0xff;
          if (seen == 0) {
            type = next;
            length = 0;
          } else {
            length = length << 8 | next;
          }
          seen++;
          if (seen == HEADER && length == HEADER - 1) {
            message(type, 0);
            seen = 0;
          }
        } else {
          int body = length - (HEADER - 1);
          int first = bytes[i];
          boolean begins = seen == HEADER;
          int some = Math.min(count - i, body - (seen - HEADER));
          i += some;
          seen += some;
          if (begins) {
            message(type, first);
          }
          if (seen - HEADER == body) {
            seen = 0;
          }
        }
      }
    }
  }

  private final class Requests extends Messages {
    @Override
    void message(int type, int firstOfBody) {
      if (type == 'Q' || type == 'S' || type == 'c' || type == 'F') {
        roundTrips.increment();
      }
    }
  }

  private final class Answers extends Messages {

    private boolean started;

    @Override
    void message(int type, int firstOfBody) {
      if (type == 'Z') {
        if (started && firstOfBody == 'I') {
          transactions.increment();
        }
        started = true;
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
