package cluster_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"i80.dk/sighej/cluster"
)

// authority makes certificates and returns where.
func authority(t testing.TB, hosts ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "certs")
	if err := cluster.WriteCertificates(dir, hosts); err != nil {
		t.Fatal(err)
	}
	return dir
}

func secured(t testing.TB, dir, host string) cluster.Endpoint {
	t.Helper()
	at := plaintext()
	var err error
	at.ServerTLS, at.ClientTLS, err = cluster.LoadTLS(filepath.Join(dir, "ca.crt"), filepath.Join(dir, host+".crt"), filepath.Join(dir, host+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := authority(t, "10.0.0.7", "member-1.example")
	if err := cluster.WriteCertificates(dir, []string{"fd00::1"}); err != nil { // one more, later
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 8 {
		t.Errorf("%d files, %v; want 8", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil || !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("the authority's certificate: %v", err)
	}
	for _, host := range []string{"10.0.0.7", "member-1.example", "fd00::1"} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, host+".crt"), filepath.Join(dir, host+".key"))
		if err != nil {
			t.Fatal(err)
		}
		checkCertificate(t, pair.Leaf, roots, host)
	}
}

func checkCertificate(t *testing.T, cert *x509.Certificate, roots *x509.CertPool, host string) {
	t.Helper()
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if cert.VerifyHostname("elsewhere.example") == nil || cert.IsCA {
		t.Errorf("the certificate of %s is good for more than that", host)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		t.Errorf("the key of %s is not of P-256", host)
	}
	if days := time.Until(cert.NotAfter).Hours() / 24; days < 364 || days > 366 {
		t.Errorf("the certificate of %s lasts %.0f days", host, days)
	}
}

func TestCertificatesAreNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := authority(t, "a.example")
	before := snapshot(t, dir)
	for name, hosts := range map[string][]string{
		"none": nil, "there": {"b.example", "a.example"}, "twice": {"b.example", "b.example"}, "with a port": {"b.example:7000"},
		"a path": {"../b"}, "empty": {""}, "dots": {".."}, "the authority": {"ca"},
	} {
		if err := cluster.WriteCertificates(dir, hosts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if err := cluster.WriteCertificates(dir, []string{"b.example"}); err == nil {
		t.Error("signed without the authority's key")
	}
	delete(before, "ca.key")
	after := snapshot(t, dir)
	if len(after) != len(before) {
		t.Errorf("%d files, want %d", len(after), len(before))
	}
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s has changed", name)
		}
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name()] = string(text)
	}
	return texts
}

func TestLoadTLSRefuses(t *testing.T) {
	t.Parallel()
	dir := authority(t, "a.example", "b.example")
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, files := range map[string][3]string{
		"no authority":      {at("none"), at("a.example.crt"), at("a.example.key")},
		"a key for it":      {at("ca.key"), at("a.example.crt"), at("a.example.key")},
		"no certificate":    {at("ca.crt"), at("none"), at("a.example.key")},
		"another one's key": {at("ca.crt"), at("a.example.crt"), at("b.example.key")},
	} {
		if _, _, err := cluster.LoadTLS(files[0], files[1], files[2]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	leases := cluster.NewStaticLeases()
	dir := authority(t, "127.0.0.1")
	a, b := begin(t, leases, secured(t, dir, "127.0.0.1")), begin(t, leases, secured(t, dir, "127.0.0.1"))
	agree(t, viewsOf(a.Membership, b.Membership), a.Self().ID, b.Self().ID)
	n := partitionOf(t, a, b)
	until(t, "the gate is known", func() bool { return a.Gate(n).GetAddress() == b.System.Address() })
	if pid, err := a.reach(n); err != nil || pid.Address != b.System.Address() {
		t.Errorf("over TLS: %v, %v", pid, err)
	}
}

// Whoever cannot show a certificate of the authority, or shows one for another
// host, is not talked to, whichever side it is on.
func TestStrangersAreNotTalkedTo(t *testing.T) {
	t.Parallel()
	dir := authority(t, "127.0.0.1", "elsewhere.example")
	half := secured(t, dir, "127.0.0.1")
	half.ClientTLS = &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: half.ClientTLS.RootCAs} // shows none
	member := func(t *testing.T) cluster.Endpoint { return secured(t, dir, "127.0.0.1") }
	foreign := secured(t, authority(t, "127.0.0.1"), "127.0.0.1")
	for name, stranger := range map[string]cluster.Endpoint{"plaintext": plaintext(), "foreign": foreign, "no certificate": half} {
		t.Run(name+" dials", func(t *testing.T) {
			t.Parallel()
			a, b := pair(t, member(t), stranger)
			expectSilence(t, b, a)
		})
	}
	elsewhere := secured(t, dir, "elsewhere.example")
	for name, stranger := range map[string]cluster.Endpoint{"plaintext": plaintext(), "foreign": foreign, "another host": elsewhere} {
		t.Run(name+" is dialled", func(t *testing.T) {
			t.Parallel()
			a, b := pair(t, member(t), stranger)
			expectSilence(t, a, b)
		})
	}
}

func pair(t *testing.T, one, other cluster.Endpoint) (being, being) {
	t.Helper()
	leases := cluster.NewStaticLeases()
	a, b := begin(t, leases, one), begin(t, leases, other)
	agree(t, viewsOf(a.Membership, b.Membership), a.Self().ID, b.Self().ID)
	return a, b
}

func expectSilence(t *testing.T, from, to being) {
	t.Helper()
	n := partitionOf(t, from, to)
	until(t, "the gate is known", func() bool { return from.Gate(n).GetAddress() == to.System.Address() })
	if pid, err := from.reach(n); err == nil {
		t.Errorf("answered by %v", pid)
	}
}

func TestHalfTLSIsNone(t *testing.T) {
	t.Parallel()
	at := secured(t, authority(t, "127.0.0.1"), "127.0.0.1")
	at.ClientTLS = nil
	if i, err := cluster.Open(config(cluster.NewStaticLeases()), at); err == nil {
		i.Close()
		t.Error("opened with TLS for one direction")
	}
}
