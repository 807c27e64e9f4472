package dk.i80.sighej

import android.Manifest
import android.bluetooth.BluetoothManager
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import sdk.Sdk

/** What the radio may do on this version of Android, and whether it may now. */
object Permissions {
    /** To be asked for in one dialogue, after the consent and before [sdk.Client.start]. */
    val forRadio: Array<String> =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
            arrayOf(
                Manifest.permission.BLUETOOTH_SCAN,
                Manifest.permission.BLUETOOTH_ADVERTISE,
                Manifest.permission.BLUETOOTH_CONNECT,
            )
        } else {
            arrayOf(Manifest.permission.ACCESS_FINE_LOCATION)
        }

    /** Refused, the service runs all the same, but no nudge is shown outside the app. */
    val forNudges: Array<String> =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            arrayOf(Manifest.permission.POST_NOTIFICATIONS)
        } else {
            emptyArray()
        }

    /** What [sdk.Client.onRadioState] is to be told: after the dialogue, and when Bluetooth goes on or off. */
    fun radioState(context: Context): Long {
        val adapter = context.getSystemService(BluetoothManager::class.java)?.adapter
        val allowed = forRadio.all { context.checkSelfPermission(it) == PackageManager.PERMISSION_GRANTED }
        return if (allowed && adapter?.isEnabled == true) Sdk.RadioOn else Sdk.RadioOff
    }
}
