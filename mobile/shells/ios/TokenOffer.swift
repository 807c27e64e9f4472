import CoreBluetooth
import Sighej

/// Offers this phone's token to others: it advertises the service, and answers reads of the characteristic.
///
/// iOS advertises no service data, so the token cannot stand in the advertisement itself. All methods are called on
/// `queue`, where Core Bluetooth calls too.
final class TokenOffer: NSObject, CBPeripheralManagerDelegate {
    private let service = CBUUID(string: String(format: "%04X", Int(SdkServiceUUID16)))
    private let characteristic = CBUUID(string: SdkCharacteristicUUID)
    private let powerChanged: () -> Void
    private let restored: () -> Void
    private var manager: CBPeripheralManager!
    private var token: Data?          // nil: nothing is offered
    private var published = false     // the service is in the manager

    var isOn: Bool { manager.state == .poweredOn }

    init(queue: DispatchQueue, powerChanged: @escaping () -> Void, restored: @escaping () -> Void) {
        self.powerChanged = powerChanged
        self.restored = restored
        super.init()
        manager = CBPeripheralManager(delegate: self, queue: queue, options: [
            CBPeripheralManagerOptionRestoreIdentifierKey: "sighej.peripheral",
        ])
    }

    func start(_ serviceData: Data) throws {
        guard isOn else { throw RadioError.off }
        token = serviceData
        if published { advertise() } else { publish() }
    }

    func stop() {
        token = nil
        if isOn { manager.stopAdvertising() }
    }

    /// The value is not in the service but given at each read, so that a new token needs no new service.
    private func publish() {
        let readable = CBMutableCharacteristic(type: characteristic, properties: .read, value: nil, permissions: .readable)
        let own = CBMutableService(type: service, primary: true)
        own.characteristics = [readable]
        manager.removeAllServices()
        manager.add(own)
    }

    /// No local name: it would name the phone's owner.
    private func advertise() {
        manager.stopAdvertising()
        manager.startAdvertising([CBAdvertisementDataServiceUUIDsKey: [service]])
    }

    func peripheralManagerDidUpdateState(_ peripheral: CBPeripheralManager) {
        if !isOn {
            published = false // services go with the power
        } else if token == nil {
            peripheral.stopAdvertising() // what iOS has restored
            peripheral.removeAllServices()
        }
        powerChanged()
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didAdd service: CBService, error: Error?) {
        published = error == nil
        if published && token != nil { advertise() }
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didReceiveRead request: CBATTRequest) {
        guard let token, request.characteristic.uuid == characteristic else {
            peripheral.respond(to: request, withResult: .attributeNotFound)
            return
        }
        guard request.offset <= token.count else {
            peripheral.respond(to: request, withResult: .invalidOffset)
            return
        }
        request.value = token.subdata(in: request.offset..<token.count)
        peripheral.respond(to: request, withResult: .success)
    }

    /// iOS had ended the app, kept it in the air, and has started it anew for a Bluetooth event. The session and the
    /// interests were in memory only, so nothing can go on: it is taken out of the air once Bluetooth is on.
    func peripheralManager(_ peripheral: CBPeripheralManager, willRestoreState dict: [String: Any]) { restored() }
}
