package ble_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"pgregory.net/rapid"
)

const (
	token       = sighej.Token("AAECAwQFBgcICQoLDA0ODw")
	serviceData = "01000102030405060708090a0b0c0d0e0f"
	advertising = "020106" + "0303ffff" + "1416ffff" + serviceData
)

func TestAdvertisementToTheByte(t *testing.T) {
	data, err := ble.Advertising(token)
	if got := hex.EncodeToString(data); err != nil || got != advertising || len(data) != 28 {
		t.Errorf("%d bytes: %s, %v", len(data), got, err)
	}
	data, err = ble.ServiceData(token)
	if got := hex.EncodeToString(data); err != nil || got != serviceData {
		t.Errorf("service data: %s, %v", got, err)
	}
}

func TestEveryTokenOfThePhonesSurvives(t *testing.T) {
	for range 100 {
		want := sighej.NewToken()
		data, err := ble.Advertising(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ble.ParseAdvertising(data); got != want || err != nil {
			t.Fatalf("advertised %s, read %s, %v", want, got, err)
		}
		if got, err := ble.ParseServiceData(data[11:]); got != want || err != nil {
			t.Fatalf("advertised %s, read %s, %v", want, got, err)
		}
	}
}

func TestTokensThatCannotBeAdvertised(t *testing.T) {
	for _, bad := range []sighej.Token{"", "abc123", token + "A", token[1:], "AAECAwQFBgcICQoLDA0OD*", "AAECAwQFBgcICQoLDA0OD\n", "AAECAwQFBgcICQoLDA0ODx"} {
		if _, err := ble.Advertising(bad); sighej.CodeOf(err) != sighej.CodeInvalid {
			t.Errorf("advertising %q: %v", bad, err)
		}
		if _, err := ble.ServiceData(bad); sighej.CodeOf(err) != sighej.CodeInvalid {
			t.Errorf("service data of %q: %v", bad, err)
		}
	}
}

func TestAdvertisementsOfOthers(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"flags only":       "020106",
		"another UUID":     "1416fefe" + serviceData,
		"another version":  "1416ffff02" + serviceData[2:],
		"a byte too few":   "1316ffff" + serviceData[:32],
		"a byte too many":  "1516ffff" + serviceData + "00",
		"cut off":          advertising[:54],
		"a length of 0":    "00" + advertising,
		"a length of 255":  "ff" + advertising,
		"zeros":            "1416ffff01" + strings.Repeat("00", 16),
		"type only":        "0116",
		"half a UUID":      "0216ff",
		"list of the UUID": "0303ffff",
	} {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := ble.ParseAdvertising(data); got != "" || sighej.CodeOf(err) != sighej.CodeMalformed {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestTheRestOfAnAdvertisementMayBeAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.Custom(func(t *rapid.T) []byte {
			content := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "content")
			kind := rapid.Byte().Filter(func(b byte) bool { return b != 0x16 }).Draw(t, "type")
			return append([]byte{byte(len(content) + 1), kind}, content...)
		})
		data := bytes.Join(rapid.SliceOfN(field, 0, 4).Draw(t, "before"), nil)
		own, _ := hex.DecodeString("1416ffff" + serviceData)
		data = append(data, own...)
		data = append(data, bytes.Join(rapid.SliceOfN(field, 0, 4).Draw(t, "after"), nil)...)
		if got, err := ble.ParseAdvertising(data); got != token || err != nil {
			t.Fatalf("%x: %q, %v", data, got, err)
		}
	})
}

func FuzzParseAdvertising(f *testing.F) {
	for _, text := range []string{advertising, "", "020106", "1416ffff01", "ff16ffff" + serviceData} {
		data, _ := hex.DecodeString(text)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ble.ParseAdvertising(data)
		if err != nil {
			if got != "" || sighej.CodeOf(err) != sighej.CodeMalformed {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		again, err := ble.Advertising(got)
		if err != nil || !bytes.Contains(data, again[11:]) {
			t.Fatalf("%x gave %s, which is advertised as %x, %v", data, got, again, err)
		}
	})
}

func FuzzParseServiceData(f *testing.F) {
	data, _ := hex.DecodeString(serviceData)
	f.Add(data)
	f.Add(data[1:])
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ble.ParseServiceData(data)
		if (err == nil) != (len(data) == 17 && data[0] == ble.Version && !bytes.Equal(data[1:], make([]byte, 16))) {
			t.Fatalf("%x: %q, %v", data, got, err)
		}
		if err == nil {
			if again, err := ble.ServiceData(got); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("%x became %x, %v", data, again, err)
			}
		}
	})
}
