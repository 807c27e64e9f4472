import CoreBluetooth
import Sighej

/// Hears other phones: Android's tokens in their advertisements, iPhones' through a short connection.
///
/// A token that was read is kept for five minutes, less than a phone keeps one; what failed is tried again after half a
/// minute. At most three connections at a time, each for ten seconds at the most. All methods are called on `queue`, where
/// Core Bluetooth calls too.
final class TokenReader: NSObject, CBCentralManagerDelegate, CBPeripheralDelegate {
    private struct Peer {
        let token: Data?              // nil: reading it failed
        let until: DispatchTime
    }

    private struct Reading {
        let peripheral: CBPeripheral  // Core Bluetooth keeps none for us
        let rssi: Int
    }

    private static let keep = DispatchTimeInterval.seconds(5 * 60)
    private static let failed = DispatchTimeInterval.seconds(30)
    private static let patience = DispatchTimeInterval.seconds(10)
    private static let atATime = 3

    private let service = CBUUID(string: String(format: "%04X", Int(SdkServiceUUID16)))
    private let characteristic = CBUUID(string: SdkCharacteristicUUID)
    private let queue: DispatchQueue
    private let powerChanged: () -> Void
    private let heardServiceData: (Data, Int) -> Void
    private let heardToken: (Data, Int) -> Void
    private var manager: CBCentralManager!
    private var peers: [UUID: Peer] = [:]
    private var readings: [UUID: Reading] = [:]

    var isOn: Bool { manager.state == .poweredOn }

    init(queue: DispatchQueue, powerChanged: @escaping () -> Void,
         heardServiceData: @escaping (Data, Int) -> Void, heardToken: @escaping (Data, Int) -> Void) {
        self.queue = queue
        self.powerChanged = powerChanged
        self.heardServiceData = heardServiceData
        self.heardToken = heardToken
        super.init()
        manager = CBCentralManager(delegate: self, queue: queue, options: [
            CBCentralManagerOptionShowPowerAlertKey: false,
        ])
    }

    /// In the background iOS ignores the option, and reports each phone once.
    func start() throws {
        guard isOn else { throw RadioError.off }
        manager.scanForPeripherals(withServices: [service], options: [CBCentralManagerScanOptionAllowDuplicatesKey: true])
    }

    /// Ends what is under way and keeps nothing.
    func stop() {
        if isOn {
            manager.stopScan()
            readings.values.forEach { manager.cancelPeripheralConnection($0.peripheral) }
        }
        readings = [:]
        peers = [:]
    }

    func centralManagerDidUpdateState(_ central: CBCentralManager) {
        if !isOn { readings = [:] }
        powerChanged()
    }

    func centralManager(_ central: CBCentralManager, didDiscover peripheral: CBPeripheral,
                        advertisementData: [String: Any], rssi RSSI: NSNumber) {
        let rssi = RSSI.intValue == 127 ? 0 : RSSI.intValue // 127: not known; the SDK says 0
        let data = advertisementData[CBAdvertisementDataServiceDataKey] as? [CBUUID: Data]
        if let heard = data?[service] {
            heardServiceData(heard, rssi)
            return
        }
        let now = DispatchTime.now()
        peers = peers.filter { $0.value.until > now }
        if let peer = peers[peripheral.identifier] {
            if let token = peer.token { heardToken(token, rssi) }
        } else if readings[peripheral.identifier] == nil && readings.count < Self.atATime {
            read(peripheral, rssi)
        }
    }

    private func read(_ peripheral: CBPeripheral, _ rssi: Int) {
        readings[peripheral.identifier] = Reading(peripheral: peripheral, rssi: rssi)
        peripheral.delegate = self
        manager.connect(peripheral)
        queue.asyncAfter(deadline: .now() + Self.patience) { [weak self] in self?.end(peripheral, nil) }
    }

    /// What comes after the end of a reading is left alone.
    private func end(_ peripheral: CBPeripheral, _ token: Data?) {
        guard let reading = readings[peripheral.identifier], reading.peripheral === peripheral else { return }
        readings[peripheral.identifier] = nil
        manager.cancelPeripheralConnection(peripheral)
        peers[peripheral.identifier] = Peer(token: token, until: .now() + (token != nil ? Self.keep : Self.failed))
        if let token { heardToken(token, reading.rssi) }
    }

    func centralManager(_ central: CBCentralManager, didConnect peripheral: CBPeripheral) {
        peripheral.discoverServices([service])
    }

    func centralManager(_ central: CBCentralManager, didFailToConnect peripheral: CBPeripheral, error: Error?) {
        end(peripheral, nil)
    }

    func centralManager(_ central: CBCentralManager, didDisconnectPeripheral peripheral: CBPeripheral, error: Error?) {
        end(peripheral, nil)
    }

    func peripheral(_ peripheral: CBPeripheral, didDiscoverServices error: Error?) {
        guard let found = peripheral.services?.first(where: { $0.uuid == service }) else { return end(peripheral, nil) }
        peripheral.discoverCharacteristics([characteristic], for: found)
    }

    func peripheral(_ peripheral: CBPeripheral, didDiscoverCharacteristicsFor service: CBService, error: Error?) {
        guard let found = service.characteristics?.first(where: { $0.uuid == characteristic }) else {
            return end(peripheral, nil)
        }
        peripheral.readValue(for: found)
    }

    func peripheral(_ peripheral: CBPeripheral, didUpdateValueFor characteristic: CBCharacteristic, error: Error?) {
        end(peripheral, error == nil ? characteristic.value : nil)
    }
}
