// Package mail sends notices to customers by SMTP.
package mail

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"

	"refunddesk/internal/fault"
)

// Config says where mail is handed over and in whose name.
type Config struct {
	// URL is smtp://[user:password@]host:port, or smtps:// for TLS from the first byte.
	//
	// With smtp:// the connection turns to TLS when the server offers it, must do so when
	// there is a password to protect, and stays as it is on this machine (loopback).
	URL string
	// From is the sender, like "RefundDesk <refunds@example.com>".
	From string
	// MessageIDDomain is the right side of every Message-ID; empty means the sender's domain.
	MessageIDDomain string
}

// The settings that messages to the operator name.
const (
	smtpSetting = "--smtp (REFUNDDESK_SMTP)"
	fromSetting = "--mail-from (REFUNDDESK_MAIL_FROM)"
)

// endpoint is a Config that was understood.
type endpoint struct {
	host     string
	port     int
	user     string
	password string
	tls      bool // from the first byte
	local    bool // on this machine
	from     *netmail.Address
	idDomain string
	roots    *x509.CertPool // whom to trust; nil means the machine's list
}

func (e endpoint) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: e.host, RootCAs: e.roots, MinVersion: tls.VersionTLS12}
}

// read understands the configuration. Returns a fault that names the setting; the
// password is in none of them.
func (c Config) read() (endpoint, error) {
	const example = `write it like "smtp://user:password@mail.example.com:587"`
	u, err := url.Parse(c.URL)
	if err != nil {
		// url.Parse quotes its input, password included: its error is not passed on.
		return endpoint{}, fault.InvalidField(smtpSetting, "is not a URL; %s", example)
	}
	e := endpoint{host: u.Hostname(), tls: u.Scheme == "smtps"}
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return endpoint{}, fault.InvalidField(smtpSetting, "must begin with smtp:// or smtps://; %s", example)
	case e.host == "":
		return endpoint{}, fault.InvalidField(smtpSetting, "names no host; %s", example)
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		return endpoint{}, fault.InvalidField(smtpSetting, "has something behind the port; %s", example)
	}
	if e.port, err = strconv.Atoi(u.Port()); err != nil || e.port < 1 || e.port > 65535 {
		return endpoint{}, fault.InvalidField(smtpSetting, "names no port from 1 to 65535; %s", example)
	}
	if u.User != nil {
		password, given := u.User.Password()
		if u.User.Username() == "" || !given || password == "" {
			return endpoint{}, fault.InvalidField(smtpSetting, "has half a sign-in; give user and password, or neither; %s", example)
		}
		e.user, e.password = u.User.Username(), password
	}
	e.local = isLoopback(e.host)
	return e, e.readNames(c)
}

func (e *endpoint) readNames(c Config) error {
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return fault.InvalidField(fromSetting, `is not a mail address; write it like "RefundDesk <refunds@example.com>"`)
	}
	e.from = from
	e.idDomain = c.MessageIDDomain
	if e.idDomain == "" {
		e.idDomain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	}
	if !isMessageIDPart(e.idDomain) {
		return fault.InvalidField(fromSetting, "has a domain that cannot stand in a Message-ID; use letters, digits, dots and hyphens")
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isMessageIDPart reports whether s can stand on one side of a Message-ID unquoted.
func isMessageIDPart(s string) bool {
	for _, r := range s {
		letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
		if !letter && (r < '0' || r > '9') && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	return s != ""
}
