import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Two phones that share interests, beside each other, until both are nudged; then both stop. */
public final class Main {
	static final PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

	public static void main(String[] args) throws Exception {
		Phone one = new Phone("one", args[0], false);
		Phone other = new Phone("other", args[0], true);
		try {
			one.client.start("");
		} catch (Exception e) {
			out.println("one refused: " + e.getMessage());
		}
		try (Air air = new Air()) {
			air.enter(one);
			air.enter(other);
			one.client.start("devops\nkaraoke 🎤\nchess");
			other.client.start("DevOps\nKaraoke 🎤\nhardstyle");
			await(one);
			await(other);
			System.gc(); // collects objects that stand for Go's; those that Go holds must stay
			one.client.stop();
			other.client.stop();
		}
		out.println("done, links " + one.link + " and " + other.link);
		System.exit(0); // Java would wait for Go's threads, which never end
	}

	private static void await(Phone phone) throws InterruptedException {
		if (!phone.nudged.await(60, TimeUnit.SECONDS) || !phone.met.await(60, TimeUnit.SECONDS)) {
			out.println("waited in vain: nudges missing " + phone.nudged.getCount() + ", people " + phone.met.getCount() + ", link " + phone.link);
			System.exit(1);
		}
	}
}
