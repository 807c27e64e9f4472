package ble

import (
	"encoding/base64"
	"encoding/binary"

	"i80.dk/sighej"
)

// ServiceUUID16 is the 16-bit UUID under which phones advertise. Nobody has
// assigned it to us: 0xFFFF serves experiments. Whoever ships needs one of the
// Bluetooth SIG's, and a server of their own need not know it.
const ServiceUUID16 = 0xFFFF

// CharacteristicUUID is the characteristic of the GATT service [ServiceUUID16]
// that a phone offers when it cannot advertise service data, as on iOS. Its value
// is the same service data, without encryption or pairing.
const CharacteristicUUID = "5d1f3c9a-7be4-4c57-9a54-0b6f2d6a8e31"

// Version is the first byte of the service data.
const Version = 1

// Lengths in bytes.
const (
	TokenBytes       = 16
	ServiceDataBytes = 1 + TokenBytes
	AdvertisingBytes = 28 // of the 31 that a legacy advertisement holds
)

// Types of advertising data: Bluetooth Core Specification Supplement, Part A, and
// Assigned Numbers, 2.3.
const (
	typeFlags       = 0x01
	typeUUIDs16     = 0x03 // complete list
	typeServiceData = 0x16 // 16-bit UUID

	flags = 0x06 // LE general discoverable, BR/EDR not supported
)

// errForeign is one value: decoding what strangers send must not cost garbage.
var errForeign = sighej.Errorf(sighej.CodeMalformed, "not an advertisement of this version")

// ServiceData returns the version and the 16 bytes that the token encodes in
// base64url. A token of another form is [sighej.CodeInvalid].
func ServiceData(token sighej.Token) ([]byte, error) {
	data := make([]byte, ServiceDataBytes)
	data[0] = Version
	if err := putToken(data[1:], token); err != nil {
		return nil, err
	}
	return data, nil
}

// ParseServiceData returns the token in service data: exactly one byte of version
// and 16 of token. Anything else is [sighej.CodeMalformed], and so is a token of
// zeros, which a radio that failed sends.
func ParseServiceData(data []byte) (sighej.Token, error) {
	if len(data) != ServiceDataBytes || data[0] != Version || [TokenBytes]byte(data[1:]) == [TokenBytes]byte{} {
		return "", errForeign
	}
	return sighej.Token(base64.RawURLEncoding.EncodeToString(data[1:])), nil
}

// Advertising returns the whole advertising data: flags (3 bytes), the list of
// 16-bit UUIDs (4) and the service data (4 and 17). A token that is not 16 bytes
// in base64url is [sighej.CodeInvalid].
func Advertising(token sighej.Token) ([]byte, error) {
	data := make([]byte, 0, AdvertisingBytes)
	data = append(data, 2, typeFlags, flags, 3, typeUUIDs16)
	data = binary.LittleEndian.AppendUint16(data, ServiceUUID16)
	data = append(data, 3+ServiceDataBytes, typeServiceData)
	data = binary.LittleEndian.AppendUint16(data, ServiceUUID16)
	data = append(data, Version)
	data = data[:AdvertisingBytes]
	if err := putToken(data[AdvertisingBytes-TokenBytes:], token); err != nil {
		return nil, err
	}
	return data, nil
}

// ParseAdvertising finds the token in advertising data, whatever else is in it
// and in whatever order. It is [sighej.CodeMalformed] when there is none.
func ParseAdvertising(data []byte) (sighej.Token, error) {
	for len(data) > 0 && data[0] != 0 { // a length of 0 ends it early
		size := int(data[0])
		if size > len(data)-1 {
			break
		}
		field := data[1 : 1+size]
		if size >= 3 && field[0] == typeServiceData && binary.LittleEndian.Uint16(field[1:]) == ServiceUUID16 {
			return ParseServiceData(field[3:])
		}
		data = data[1+size:]
	}
	return "", errForeign
}

func putToken(dst []byte, token sighej.Token) error {
	if len(token) == base64.RawURLEncoding.EncodedLen(TokenBytes) {
		if n, err := base64.RawURLEncoding.Strict().Decode(dst, []byte(token)); err == nil && n == TokenBytes {
			return nil
		}
	}
	return sighej.Errorf(sighej.CodeInvalid, "a token that is advertised has 16 bytes, in base64url")
}
