import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A simulated radio: whatever one phone sends, all the others that listen hear, as if it were half a metre away. */
final class Air implements AutoCloseable {
	private static final long RSSI = -55;

	private final List<Phone> phones = new CopyOnWriteArrayList<>();
	private final ScheduledExecutorService packets = Executors.newSingleThreadScheduledExecutor();

	Air() {
		packets.scheduleWithFixedDelay(this::deliver, 0, 50, TimeUnit.MILLISECONDS);
	}

	void enter(Phone phone) {
		phones.add(phone);
	}

	private void deliver() {
		for (Phone sender : phones) {
			byte[] data = sender.sends;
			for (Phone other : phones) {
				if (data != null && other != sender && other.listens) {
					other.client.onServiceData(data, RSSI);
				}
			}
		}
	}

	@Override public void close() {
		packets.shutdownNow();
	}
}
