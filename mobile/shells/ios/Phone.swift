import CoreBluetooth
import Sighej
import UserNotifications

enum RadioError: LocalizedError {
    case off

    var errorDescription: String? { "Bluetooth is off or not allowed" }
}

/// What the SDK needs of an iPhone: its radio, and someone to tell.
///
/// Making one asks for the permission for Bluetooth: make it after the consent, and keep it.
final class Phone: NSObject, SdkRadioProtocol, SdkListenerProtocol {
    /// Told on the main queue.
    var show: (SdkState) -> Void = { _ in }
    var showPeople: (_ all: Int, _ veryNear: Int) -> Void = { _, _ in }
    var showError: (_ code: String, _ message: String) -> Void = { _, _ in }

    private let queue = DispatchQueue(label: "sighej.radio")
    private var offer: TokenOffer!
    private var reader: TokenReader!
    private var client: SdkClient!

    init(server: String) {
        super.init()
        client = SdkClient(server, radio: self, listener: self)
        client.onRadioState(Int(SdkRadioOff)) // until Core Bluetooth says otherwise
        queue.sync { // so that what Core Bluetooth tells on it finds both
            let powerChanged: () -> Void = { [weak self] in self?.powerChanged() }
            offer = TokenOffer(queue: queue, powerChanged: powerChanged, restored: { [weak self] in self?.restored() })
            reader = TokenReader(
                queue: queue,
                powerChanged: powerChanged,
                heardServiceData: { [weak self] data, rssi in self?.client.onServiceData(data, rssi: rssi) },
                heardToken: { [weak self] token, rssi in self?.client.onPeerToken(token, rssi: rssi) })
        }
    }

    private func powerChanged() { client.onRadioState(Int(offer.isOn && reader.isOn ? SdkRadioOn : SdkRadioOff)) }

    private func restored() { notify("sighej.ended", "No longer open to talk", "Open the app to go on.") }

    /// Throws when the interests cannot be right. The interests stay in memory.
    func start(_ interests: [String]) throws { try client.start(interests.joined(separator: "\n")) }

    /// Forgets everything, here and on the server.
    func stop() async {
        await withCheckedContinuation { done in
            DispatchQueue.global().async { // it waits, so never on the main queue, nor on the radio's
                self.client.stop()
                done.resume()
            }
        }
    }

    func setOpenToTalk(_ open: Bool) { client.setOpenToTalk(open) }

    /// Says hi to whom a nudge without interests is about; takes the nudge's id, as does block.
    func wave(_ nudge: String) { client.wave(nudge) }

    /// The two are not nudged about each other again in this session; ask first, it cannot be taken back.
    func block(_ nudge: String) {
        client.block(nudge)
        withdraw(nudge)
    }

    /// From scenePhase: true when it is .active, false when it is .background.
    func onForeground(_ onScreen: Bool) { client.onForeground(onScreen) }

    // MARK: SdkRadioProtocol. Never on the main queue, one call at a time; what is thrown comes to onError. The radio's
    // queue may be waited for: no call of the client but stop waits for anything.

    func startAdvertising(_ serviceData: Data?) throws {
        guard let serviceData else { return }
        try queue.sync { try offer.start(serviceData) }
    }

    func stopAdvertising() throws { queue.sync { offer.stop() } }

    func startScanning() throws { try queue.sync { try reader.start() } }

    func stopScanning() throws { queue.sync { reader.stop() } }

    /// iOS chooses the power by itself.
    func setLowPower(_ on: Bool) throws {}

    // MARK: SdkListenerProtocol. Never on the main queue, and never waits for it.

    func onState(_ state: SdkState?) {
        guard let state else { return }
        DispatchQueue.main.async { self.show(state) }
    }

    func onPeople(inRange all: Int, veryNear: Int) {
        DispatchQueue.main.async { self.showPeople(all, veryNear) }
    }

    func onError(_ code: String?, message: String?) {
        DispatchQueue.main.async { self.showError(code ?? "", message ?? "") }
    }

    /// Handed to the system first: the nudge is acknowledged when this returns.
    func onNudge(_ nudge: SdkNudge?) {
        guard let nudge else { return }
        withdraw(nudge.reveals())
        notify(nudge.id_(), "Say hi", nudge.message())
    }

    private func withdraw(_ id: String) {
        UNUserNotificationCenter.current().removeDeliveredNotifications(withIdentifiers: [id])
    }

    private func notify(_ id: String, _ title: String, _ text: String) {
        let content = UNMutableNotificationContent()
        content.title = title
        content.body = text
        content.sound = .default
        let request = UNNotificationRequest(identifier: id, content: content, trigger: nil)
        UNUserNotificationCenter.current().add(request)
    }
}
