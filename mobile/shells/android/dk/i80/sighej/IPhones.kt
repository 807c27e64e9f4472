package dk.i80.sighej

import android.annotation.SuppressLint
import android.bluetooth.BluetoothDevice
import android.bluetooth.BluetoothGatt
import android.bluetooth.BluetoothGattCallback
import android.bluetooth.BluetoothGattCharacteristic
import android.bluetooth.BluetoothProfile
import android.content.Context
import android.os.Build
import android.os.Handler
import android.os.SystemClock
import java.util.UUID
import sdk.Sdk

/**
 * Reads the tokens of phones that advertise the service without service data: iPhones with the app on their screen.
 * One connection at a time, each closed after one read, at the latest after [READ_MILLIS]. What was read is kept for
 * [KEEP_MILLIS] by the address, which changes too; what failed is tried again after [FAILED_MILLIS]. Everything happens on
 * the main thread.
 */
@SuppressLint("MissingPermission")
class IPhones(
    private val context: Context,
    private val main: Handler,
    private val heardToken: (token: ByteArray, rssi: Int) -> Unit,
) {
    private class Peer(val token: ByteArray?, val until: Long)

    private val peers = HashMap<String, Peer>()
    private var reading: Reading? = null

    /** An advertisement without service data came from this device. */
    fun heard(device: BluetoothDevice, rssi: Int) {
        val now = SystemClock.elapsedRealtime()
        peers.values.removeAll { it.until <= now }
        val known = peers[device.address]
        if (known != null) {
            known.token?.let { heardToken(it, rssi) }
        } else if (reading == null && peers.size < MAX_PEERS) {
            reading = Reading(device, rssi).also { it.begin() }
        }
    }

    /** Ends what is under way and keeps nothing. */
    fun forget() {
        reading?.close()
        reading = null
        peers.clear()
    }

    private inner class Reading(private val device: BluetoothDevice, private val rssi: Int) : BluetoothGattCallback() {
        private val timeout = Runnable { end(null) }
        private var gatt: BluetoothGatt? = null

        fun begin() {
            main.postDelayed(timeout, READ_MILLIS)
            gatt = device.connectGatt(
                context, false, this, BluetoothDevice.TRANSPORT_LE, BluetoothDevice.PHY_LE_1M_MASK, main,
            )
        }

        fun close() {
            main.removeCallbacks(timeout)
            gatt?.close()
            gatt = null
        }

        private fun end(token: ByteArray?) {
            if (reading !== this) return
            close()
            reading = null
            val keep = if (token != null) KEEP_MILLIS else FAILED_MILLIS
            peers[device.address] = Peer(token, SystemClock.elapsedRealtime() + keep)
            token?.let { heardToken(it, rssi) }
        }

        override fun onConnectionStateChange(gatt: BluetoothGatt, status: Int, newState: Int) {
            val connected = status == BluetoothGatt.GATT_SUCCESS && newState == BluetoothProfile.STATE_CONNECTED
            if (!connected || !gatt.discoverServices()) end(null)
        }

        override fun onServicesDiscovered(gatt: BluetoothGatt, status: Int) {
            val characteristic = gatt.getService(SERVICE)?.getCharacteristic(CHARACTERISTIC)
            if (characteristic == null || !gatt.readCharacteristic(characteristic)) end(null)
        }

        override fun onCharacteristicRead(gatt: BluetoothGatt, c: BluetoothGattCharacteristic, value: ByteArray, status: Int) {
            end(value.takeIf { status == BluetoothGatt.GATT_SUCCESS })
        }

        @Deprecated("called before Android 13 only")
        @Suppress("DEPRECATION")
        override fun onCharacteristicRead(gatt: BluetoothGatt, c: BluetoothGattCharacteristic, status: Int) {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) {
                end(c.value.takeIf { status == BluetoothGatt.GATT_SUCCESS })
            }
        }
    }

    private companion object {
        val SERVICE: UUID = UUID.fromString("0000%04x-0000-1000-8000-00805f9b34fb".format(Sdk.ServiceUUID16))
        val CHARACTERISTIC: UUID = UUID.fromString(Sdk.CharacteristicUUID)
        const val READ_MILLIS = 10_000L
        const val KEEP_MILLIS = 5 * 60_000L // less than the SDK keeps a token
        const val FAILED_MILLIS = 30_000L
        const val MAX_PEERS = 256
    }
}
