package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// LoadTLS reads the files of a member, see [WriteCertificates], for
// [Endpoint.ServerTLS] and [Endpoint.ClientTLS]: TLS 1.3, and both sides show a
// certificate of this authority. They are read once: a renewed certificate
// needs a restart.
//
// The side that dials also checks that the certificate is for the host it
// dialled. Any member may do all that any other may, so the chain alone would
// keep strangers out; the name keeps the key of one member, once stolen, from
// answering for all of them, and it takes no code of ours. A member whose
// address is not known beforehand needs a name to advertise.
func LoadTLS(ca, cert, key string) (server, client *tls.Config, err error) {
	roots := x509.NewCertPool()
	authority, err := os.ReadFile(ca) //nolint:gosec // the operator's setting
	if err != nil {
		return nil, nil, fmt.Errorf("cluster: the certificate authority: %w", err)
	}
	if !roots.AppendCertsFromPEM(authority) {
		return nil, nil, errors.New("cluster: the certificate authority: no certificate in the file")
	}
	own, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, nil, fmt.Errorf("cluster: the member's certificate: %w", err)
	}
	server = &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots,
	}
	client = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own}, RootCAs: roots}
	return server, client, nil
}
