package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names of the files that WriteCertificates makes. A member's are its host with
// these endings.
const (
	caName  = "ca"
	certExt = ".crt"
	keyExt  = ".key"
)

const (
	memberValidity = 365 * 24 * time.Hour
	caValidity     = 10 * memberValidity // so that members' can be renewed one by one
	clockSkew      = time.Hour           // of members whose clock is behind
)

// WriteCertificates makes a key and a certificate for each member, named by the
// host, DNS name or IP address, that the others dial it by: host.crt and
// host.key in dir, valid for a year. They are signed by dir/ca.crt with
// dir/ca.key, which are made first, for ten years, unless both are there; so a
// member can be added later. The key of the authority is needed for nothing else
// and should be kept away from the members. All files have mode 0600. A file
// that is there is never overwritten: then nothing is written at all.
func WriteCertificates(dir string, members []string) error {
	if err := writeCertificates(dir, members); err != nil {
		return fmt.Errorf("cluster: make certificates: %w", err)
	}
	return nil
}

func writeCertificates(dir string, members []string) error {
	if len(members) == 0 {
		return errors.New("no members are named")
	}
	for _, host := range members {
		if err := checkHost(host); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }() // each file was closed by itself
	if err := absent(files, members); err != nil {
		return err
	}
	ca, err := openAuthority(files)
	if err != nil {
		return err
	}
	for _, host := range members {
		if err := ca.certify(files, host); err != nil {
			return err
		}
	}
	return nil
}

// checkHost refuses what can be no host, and so no file either.
func checkHost(host string) error {
	if net.ParseIP(host) != nil {
		return nil
	}
	if host == "" || len(host) > 253 || strings.Trim(host, ".-") != host || strings.Contains(host, "..") {
		return fmt.Errorf("%q is no host", host)
	}
	for _, c := range host {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return fmt.Errorf("%q is no host; a port does not belong to it", host)
		}
	}
	if strings.EqualFold(host, caName) {
		return fmt.Errorf("%q is the name of the authority's files", host)
	}
	return nil
}

// absent checks that no member has files yet and none is named twice.
func absent(files *os.Root, members []string) error {
	seen := map[string]bool{}
	for _, host := range members {
		if seen[strings.ToLower(host)] {
			return fmt.Errorf("%q is named twice", host)
		}
		seen[strings.ToLower(host)] = true
		for _, ext := range []string{certExt, keyExt} {
			if _, err := files.Lstat(host + ext); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there already", filepath.Join(files.Name(), host+ext))
			}
		}
	}
	return nil
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// openAuthority reads the authority that is there, or makes it.
func openAuthority(files *os.Root) (authority, error) {
	cert, errCert := files.ReadFile(caName + certExt)
	key, errKey := files.ReadFile(caName + keyExt)
	switch {
	case errors.Is(errCert, fs.ErrNotExist) && errors.Is(errKey, fs.ErrNotExist):
		return makeAuthority(files)
	case errCert != nil || errKey != nil:
		return authority{}, fmt.Errorf("read the authority: %w", errors.Join(errCert, errKey))
	}
	return parseAuthority(cert, key)
}

func parseAuthority(certPEM, keyPEM []byte) (authority, error) {
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || keyBlock == nil {
		return authority{}, errors.New("the authority's files are not PEM")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return authority{}, fmt.Errorf("the authority's certificate: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return authority{}, fmt.Errorf("the authority's key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return authority{}, errors.New("the authority's key is not its certificate's")
	}
	return authority{cert, key}, nil
}

func makeAuthority(files *os.Root) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	cert, err := template("SigHej cluster", caValidity)
	if err != nil {
		return authority{}, err
	}
	cert.IsCA, cert.BasicConstraintsValid, cert.MaxPathLenZero = true, true, true
	cert.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		return authority{}, err
	}
	if err := writePair(files, caName, der, key); err != nil {
		return authority{}, err
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		return authority{}, err
	}
	return authority{cert, key}, nil
}

// certify makes the files of a member.
func (a authority) certify(files *os.Root, host string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := template(host, memberValidity)
	if err != nil {
		return err
	}
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} // a member is both
	if ip := net.ParseIP(host); ip != nil {
		cert.IPAddresses = []net.IP{ip}
	} else {
		cert.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	return writePair(files, host, der, key)
}

func template(name string, validity time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validity),
	}, nil
}

// writePair writes the key first: a certificate that is there has one.
func writePair(files *os.Root, name string, cert []byte, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeNew(files, name+keyExt, "PRIVATE KEY", der); err != nil {
		return err
	}
	return writeNew(files, name+certExt, "CERTIFICATE", cert)
}

func writeNew(files *os.Root, name, kind string, der []byte) error {
	f, err := files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Close())
}
