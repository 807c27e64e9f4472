// Package bluez is the radio of a Linux machine with Bluetooth: it implements
// [sdk.Radio] over D-Bus with BlueZ, the system's Bluetooth daemon.
//
// It sends the service data as a broadcast, which nobody can connect to, and
// listens by a filtered discovery. It never sets a property of the adapter:
// neither discoverable nor pairable nor powered. What BlueZ was asked for ends
// with StopAdvertising, StopScanning and Close, and with the process, since BlueZ
// watches who asked.
//
// The address. Each advertisement is registered anew. For one that nobody can
// connect to the kernel takes a random, non-resolvable address (hci_sync.c,
// hci_get_random_address), so token and address change together. Two settings of
// the adapter, which this package neither sees to nor changes, do away with that:
//
//   - with the kernel's privacy on (Privacy in BlueZ's main.conf) the address is a
//     resolvable one, which changes by a timer of its own;
//   - while the adapter is discoverable, as a desktop's Bluetooth page makes it,
//     the kernel sends every advertisement as one to connect to, and so under the
//     adapter's own address (hci_setup_ext_adv_instance_sync).
//
// Other programs on the machine may advertise under the fixed address meanwhile.
//
// What BlueZ does not offer: a scan duty. The adapter listens for 10 s out of 15
// as long as it is asked to; at low power only the advertisement is sent more
// seldom. While another program scans without a filter, BlueZ tells nobody of
// phones whose advertisement lacks the discoverable flag, which Linux and Android
// leave out of broadcasts.
//
// An iPhone's characteristic is not read: BlueZ would connect under the adapter's
// own address and so put it beside the token. The iPhone hears this radio, and
// one of two that hears the other is enough for both to be nudged.
package bluez
