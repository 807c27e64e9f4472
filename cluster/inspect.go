package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

// Certificate is what an operator has to know of a member's certificate.
type Certificate struct {
	Until time.Time // when it, or its authority, ends; whichever is first
	Fault error     // why another member would not accept it at the time asked about; nil when it would
}

// InspectTLS reads the files of a member as [LoadTLS] does, and looks at the
// certificate as another member would that dials host, an address without a
// port, at that time. An error says that the files are not usable at all.
func InspectTLS(ca, cert, key, host string, at time.Time) (Certificate, error) {
	server, client, err := LoadTLS(ca, cert, key)
	if err != nil {
		return Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(server.Certificates[0].Certificate[0])
	if err != nil {
		return Certificate{}, fmt.Errorf("cluster: the member's certificate: %w", err)
	}
	c := Certificate{Until: leaf.NotAfter}
	if authority, err := firstCertificate(ca); err == nil && authority.NotAfter.Before(c.Until) {
		c.Until = authority.NotAfter
	}
	_, c.Fault = leaf.Verify(x509.VerifyOptions{
		Roots: client.RootCAs, DNSName: host, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if c.Fault == nil {
		_, c.Fault = leaf.Verify(x509.VerifyOptions{
			Roots: client.RootCAs, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
	}
	return c, nil
}

func firstCertificate(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's setting
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("cluster: %s is not PEM", path)
	}
	return x509.ParseCertificate(block.Bytes)
}
