package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
)

// authority makes a certificate for localhost and the pool that trusts it.
func authority(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (s *session) AuthMechanisms() []string {
	if s.box.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "desk" || password != s.box.password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

// remote is a sender that takes the mailbox for a server on another machine.
func remote(t *testing.T, scheme, userinfo string, box *mailbox, roots *x509.CertPool) *Sender {
	t.Helper()
	_, port, err := net.SplitHostPort(box.address)
	require.NoError(t, err)
	s, err := New(Config{URL: scheme + "://" + userinfo + "localhost:" + port, From: "refunds@example.com"})
	require.NoError(t, err)
	s.endpoint.local, s.endpoint.roots = false, roots
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestEncryption(t *testing.T) {
	certificate, roots := authority(t)
	offer := &tls.Config{Certificates: []tls.Certificate{certificate}}
	cases := []struct {
		name          string
		scheme, user  string
		implicit      bool // the server speaks TLS from the first byte
		starttls      bool // the server offers it
		password      string
		roots         *x509.CertPool
		encrypted, ok bool
	}{
		{name: "smtps", scheme: "smtps", implicit: true, roots: roots, encrypted: true, ok: true},
		{name: "smtps with sign-in", scheme: "smtps", user: "desk:right@", implicit: true, password: "right", roots: roots, encrypted: true, ok: true},
		{name: "smtps with the wrong password", scheme: "smtps", user: "desk:wrong@", implicit: true, password: "right", roots: roots},
		{name: "smtps with an unknown authority", scheme: "smtps", implicit: true},
		{name: "STARTTLS is used when offered", scheme: "smtp", starttls: true, roots: roots, encrypted: true, ok: true},
		{name: "STARTTLS is not needed without a password", scheme: "smtp", ok: true},
		{name: "STARTTLS before the password", scheme: "smtp", user: "desk:right@", starttls: true, password: "right", roots: roots, encrypted: true, ok: true},
		{name: "no password without STARTTLS", scheme: "smtp", user: "desk:right@", password: "right"},
		{name: "STARTTLS with an unknown authority", scheme: "smtp", starttls: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			if c.implicit {
				listener = tls.NewListener(listener, offer)
			}
			box := serveMailbox(t, listener, func(m *mailbox) {
				m.password = c.password
				m.server.AllowInsecureAuth = true // the sender must be the careful one
				if c.starttls {
					m.server.TLSConfig = offer
				}
			})
			s := remote(t, c.scheme, c.user, box, c.roots)
			err = s.Send(within(t, 5*time.Second), credited("en"))
			if !c.ok {
				require.Equal(t, "mail-unavailable", fault.CodeOf(err))
				require.NotContains(t, err.Error(), "right")
				require.Empty(t, box.all())
				return
			}
			require.NoError(t, err)
			require.Len(t, box.all(), 1)
			require.Equal(t, c.encrypted, box.all()[0].encrypted)
			require.Equal(t, c.password != "", box.all()[0].user == "desk")
		})
	}
}

func TestSignInOnThisMachineNeedsNoEncryption(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	box := serveMailbox(t, listener, func(m *mailbox) {
		m.password = "right"
		m.server.AllowInsecureAuth = true
	})
	s, err := New(Config{URL: "smtp://desk:right@" + box.address, From: "refunds@example.com"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	require.Equal(t, "desk", box.all()[0].user)
}
