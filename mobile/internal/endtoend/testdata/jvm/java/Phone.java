import java.util.concurrent.CountDownLatch;
import sdk.Client;
import sdk.Listener;
import sdk.Nudge;
import sdk.Radio;
import sdk.Sdk;
import sdk.State;

/** What an app is to the SDK: a radio and a screen. It prints a line for all that Go is expected to tell it once. */
final class Phone implements Radio, Listener {
	final Client client;
	final CountDownLatch nudged = new CountDownLatch(1);
	final CountDownLatch met = new CountDownLatch(1); // one person is in range
	volatile byte[] sends; // null: nothing
	volatile boolean listens;
	volatile long link = -1;

	private final String name;
	private boolean fails; // the first start of the radio does

	Phone(String name, String base, boolean fails) {
		this.name = name;
		this.fails = fails;
		this.client = new Client(base, this, this);
	}

	private synchronized void say(String what) {
		Main.out.println(name + " " + what);
	}

	@Override public void startAdvertising(byte[] serviceData) throws Exception {
		if (fails) {
			fails = false;
			throw new IllegalStateException("no advertiser: Bluetooth är av");
		}
		sends = serviceData.clone();
	}

	@Override public void stopAdvertising() {
		sends = null;
	}

	@Override public void startScanning() {
		listens = true;
	}

	@Override public void stopScanning() {
		listens = false;
	}

	@Override public void setLowPower(boolean on) {}

	@Override public void onState(State state) {
		link = state.link();
		if (link == Sdk.LinkStopped) {
			say("stopped, sends " + (sends != null) + ", listens " + listens);
		}
	}

	@Override public void onNudge(Nudge nudge) {
		say("nudge: " + nudge.interests().replace("\n", ", "));
		nudged.countDown();
	}

	@Override public void onPeopleInRange(long all, long veryNear) {
		if (all == 1) {
			met.countDown();
		}
	}

	@Override public void onError(String code, String message) {
		say("error " + code + ": " + message);
		client.onForeground(false); // the radio is tried again at once when the app comes back
		client.onForeground(true);
	}
}
