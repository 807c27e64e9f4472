package android.content;

/** Stands for Android's class, which the binding's Seq.setContext names and this test never calls. */
public class Context {
	private Context() {}
}
