package dk.i80.sighej

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.Service
import android.bluetooth.BluetoothAdapter
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ServiceInfo
import android.os.Binder
import android.os.Build
import android.os.Handler
import android.os.IBinder
import android.os.Looper
import java.util.concurrent.Executors
import sdk.Client
import sdk.Listener
import sdk.Nudge
import sdk.State

/**
 * Keeps the phone in the air while the app is not on the screen. An activity that is on the screen binds to it and
 * calls [begin]; Android 12 and later start no such service for an app that is not. All methods are called on the main
 * thread. The interests come by a call and never in an Intent, which the system keeps copies of.
 */
class PhoneService : Service(), Listener {
    /** What the activity gets when it binds. */
    inner class Access : Binder() {
        val service get() = this@PhoneService
    }

    /** The screen: told on the main thread. */
    interface Screen {
        fun show(state: State)
        fun showPeople(all: Long, veryNear: Long)
        fun showError(code: String, message: String)
    }

    var screen: Screen? = null

    private val main = Handler(Looper.getMainLooper())
    private val stopper = Executors.newSingleThreadExecutor()
    private lateinit var client: Client
    private var begun = false

    override fun onCreate() {
        val radio = BleRadio(this)
        client = Client(SERVER, radio, this)
        radio.client = client
        registerReceiver(radioSwitched, IntentFilter(BluetoothAdapter.ACTION_STATE_CHANGED))
        notifications().createNotificationChannel(
            NotificationChannel(RUNNING, "Open to talk", NotificationManager.IMPORTANCE_LOW),
        )
        notifications().createNotificationChannel(
            NotificationChannel(NUDGES, "Someone nearby", NotificationManager.IMPORTANCE_HIGH),
        )
    }

    override fun onBind(intent: Intent): IBinder = Access()

    /** A service that the system has ended does not come back by itself: without the interests it could do nothing. */
    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int = START_NOT_STICKY

    /**
     * Begins, after the consent and the permissions; once begun, does nothing. Throws what [Client.start] throws, and
     * on Android 14 and later when no permission for Bluetooth was given.
     */
    fun begin(interests: List<String>) {
        if (begun) return
        startService(Intent(this, PhoneService::class.java)) // so that it outlives the activity's binding
        val running = notification(RUNNING, "Open to talk", "Other phones can hear this one.")
        try {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
                startForeground(RUNNING_ID, running, ServiceInfo.FOREGROUND_SERVICE_TYPE_CONNECTED_DEVICE)
            } else {
                startForeground(RUNNING_ID, running)
            }
            client.onRadioState(Permissions.radioState(this))
            client.start(interests.joinToString("\n"))
            begun = true
        } catch (e: Exception) {
            leave()
            throw e
        }
    }

    fun setOpenToTalk(open: Boolean) = client.setOpenToTalk(open)

    /** Says hi to whom a nudge without interests is about; takes the nudge's id, as does [block]. */
    fun wave(nudge: String) = client.wave(nudge)

    /** The two are not nudged about each other again in this session; ask first, it cannot be taken back. */
    fun block(nudge: String) {
        client.block(nudge)
        notifications().cancel(nudge, NUDGE_ID)
    }

    /** From ProcessLifecycleOwner, not from every activity: each change starts the scan anew. */
    fun onForeground(onScreen: Boolean) = client.onForeground(onScreen)

    /** After the permission dialogue. */
    fun onPermissions() = client.onRadioState(Permissions.radioState(this))

    /** Forgets everything, here and on the server, and then ends the service. */
    fun end() {
        stopper.execute {
            client.stop() // waits, so never on the main thread
            main.post {
                begun = false
                leave()
            }
        }
    }

    private fun leave() {
        stopForeground(STOP_FOREGROUND_REMOVE)
        stopSelf()
    }

    override fun onDestroy() {
        unregisterReceiver(radioSwitched)
        screen = null
        stopper.execute { client.stop() }
        stopper.shutdown()
    }

    private val radioSwitched = object : BroadcastReceiver() {
        override fun onReceive(context: Context, intent: Intent) = client.onRadioState(Permissions.radioState(context))
    }

    // Listener: never on the main thread, and never waits for it.

    override fun onState(state: State) { main.post { screen?.show(state) } }

    override fun onPeopleInRange(all: Long, veryNear: Long) { main.post { screen?.showPeople(all, veryNear) } }

    override fun onError(code: String, message: String) { main.post { screen?.showError(code, message) } }

    /** Shown first: the nudge is acknowledged when this returns. */
    override fun onNudge(nudge: Nudge) {
        if (nudge.reveals().isNotEmpty()) notifications().cancel(nudge.reveals(), NUDGE_ID)
        notifications().notify(nudge.id(), NUDGE_ID, notification(NUDGES, "Say hi", nudge.message()))
    }

    private fun notifications() = getSystemService(NotificationManager::class.java)

    /** Not to be read on a locked screen: it names interests. */
    private fun notification(channel: String, title: String, text: String): Notification =
        Notification.Builder(this, channel)
            .setSmallIcon(android.R.drawable.stat_sys_data_bluetooth)
            .setContentTitle(title)
            .setContentText(text)
            .setVisibility(Notification.VISIBILITY_PRIVATE)
            .build()

    private companion object {
        const val SERVER = "https://your.server"
        const val RUNNING = "running"
        const val NUDGES = "nudges"
        const val RUNNING_ID = 1
        const val NUDGE_ID = 2
    }
}
