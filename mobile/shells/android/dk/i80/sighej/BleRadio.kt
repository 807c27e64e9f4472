package dk.i80.sighej

import android.annotation.SuppressLint
import android.bluetooth.BluetoothManager
import android.bluetooth.le.AdvertiseCallback
import android.bluetooth.le.AdvertiseData
import android.bluetooth.le.AdvertiseSettings
import android.bluetooth.le.ScanCallback
import android.bluetooth.le.ScanFilter
import android.bluetooth.le.ScanResult
import android.bluetooth.le.ScanSettings
import android.content.Context
import android.os.Handler
import android.os.Looper
import android.os.ParcelUuid
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import sdk.Client
import sdk.Radio
import sdk.Sdk

/**
 * The phone's radio. The SDK calls it one call at a time and never on the main thread; what Android reports comes on
 * the main thread, and may be waited for: no call of the client but stop waits for anything. A permission that is missing
 * makes Android throw, which the SDK tells its listener.
 */
@SuppressLint("MissingPermission")
class BleRadio(private val context: Context) : Radio {
    /** Set before [Client.start]. */
    lateinit var client: Client

    private val adapter = context.getSystemService(BluetoothManager::class.java)?.adapter
    private val main = Handler(Looper.getMainLooper())
    private val iphones = IPhones(context, main) { token, rssi -> client.onPeerToken(token, rssi.toLong()) }

    private var lowPower = false
    private var sent: ByteArray? = null
    private var advertised: AdvertiseCallback? = null
    @Volatile private var scanning = false

    override fun startAdvertising(serviceData: ByteArray) {
        val advertiser = adapter?.bluetoothLeAdvertiser ?: throw IllegalStateException("Bluetooth is off or cannot advertise")
        val outcome = CompletableFuture<Int>()
        val callback = object : AdvertiseCallback() {
            override fun onStartSuccess(settings: AdvertiseSettings) { outcome.complete(0) }
            override fun onStartFailure(errorCode: Int) { outcome.complete(errorCode) }
        }
        // Each callback is an advertising set of its own, so the system takes a new random address for it.
        advertiser.startAdvertising(advertiseSettings(), advertiseData(serviceData), callback)
        advertised = callback
        try {
            val failure = outcome.get(4, TimeUnit.SECONDS) // Stop waits for a call to the radio for 5 seconds at the most
            check(failure == 0) { "advertising failed with code $failure" }
        } catch (e: Exception) {
            stopAdvertising() // it may have started after all
            throw e
        }
        sent = serviceData
    }

    override fun stopAdvertising() {
        sent = null
        advertised?.let { adapter?.bluetoothLeAdvertiser?.stopAdvertising(it) }
        advertised = null
    }

    override fun startScanning() {
        val scanner = adapter?.bluetoothLeScanner ?: throw IllegalStateException("Bluetooth is off")
        // Without a filter Android pauses the scan when the screen goes off.
        val filter = ScanFilter.Builder().setServiceUuid(SERVICE).build()
        scanner.startScan(listOf(filter), scanSettings(), heard)
        scanning = true
    }

    override fun stopScanning() {
        scanning = false
        adapter?.bluetoothLeScanner?.stopScan(heard)
        main.post { iphones.forget() }
    }

    /** What runs is started again at the other power: Android cannot change that of what runs. */
    override fun setLowPower(on: Boolean) {
        if (lowPower == on) return
        lowPower = on
        sent?.let { data -> stopAdvertising(); startAdvertising(data) }
        if (scanning) { stopScanning(); startScanning() }
    }

    private val heard = object : ScanCallback() {
        override fun onScanResult(callbackType: Int, result: ScanResult) {
            if (!scanning) return
            val serviceData = result.scanRecord?.getServiceData(SERVICE)
            if (serviceData != null) {
                client.onServiceData(serviceData, result.rssi.toLong())
            } else {
                iphones.heard(result.device, result.rssi)
            }
        }

        /** Comes after startScanning has returned. Off and on again makes the SDK start the radio anew. */
        override fun onScanFailed(errorCode: Int) {
            client.onRadioState(Sdk.RadioOff)
            main.postDelayed({ client.onRadioState(Permissions.radioState(context)) }, SCAN_AGAIN_MILLIS)
        }
    }

    /** Not connectable: all that there is to know is in the advertisement, and iPhones can read it there. */
    private fun advertiseSettings() = AdvertiseSettings.Builder()
        .setAdvertiseMode(if (lowPower) AdvertiseSettings.ADVERTISE_MODE_LOW_POWER else AdvertiseSettings.ADVERTISE_MODE_BALANCED)
        .setTxPowerLevel(AdvertiseSettings.ADVERTISE_TX_POWER_MEDIUM)
        .setConnectable(false)
        .build()

    /** No device name and no power level: neither fits, and the name would name its owner. */
    private fun advertiseData(serviceData: ByteArray) = AdvertiseData.Builder()
        .setIncludeDeviceName(false)
        .setIncludeTxPowerLevel(false)
        .addServiceUuid(SERVICE)
        .addServiceData(SERVICE, serviceData)
        .build()

    private fun scanSettings() = ScanSettings.Builder()
        .setScanMode(if (lowPower) ScanSettings.SCAN_MODE_LOW_POWER else ScanSettings.SCAN_MODE_BALANCED)
        .setCallbackType(ScanSettings.CALLBACK_TYPE_ALL_MATCHES)
        .build()

    private companion object {
        val SERVICE: ParcelUuid = ParcelUuid.fromString("0000%04x-0000-1000-8000-00805f9b34fb".format(Sdk.ServiceUUID16))
        const val SCAN_AGAIN_MILLIS = 60_000L
    }
}
