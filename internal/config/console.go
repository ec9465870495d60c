package config

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// The longest session that makes sense: somebody's roles are as old as it.
const mostSession = 7 * 24 * time.Hour

// validateConsole checks the settings of the web console.
func (s Serve) validateConsole() error {
	switch {
	case s.ClientID == "" && s.ClientSecret != "":
		return missing("--client-id", "the client that --client-secret is of")
	case s.ClientID == "" && s.PublicURL != "":
		return missing("--client-id", "the console's client at the issuer, with --public-url")
	case s.ClientID != "" && s.PublicURL == "":
		return missing("--public-url", "where browsers find the console, with --client-id")
	case s.PublicURL != "" && !publicURL(s.PublicURL):
		return wrong("--public-url", "must be like https://refunds.example.com, without a path; http only on this machine")
	case s.SessionIdle < time.Minute:
		return wrong("--session-idle", "must be 1m or more")
	case s.SessionAbsolute < s.SessionIdle || s.SessionAbsolute > mostSession:
		return wrong("--session-absolute", "must be between --session-idle and 168h")
	}
	return nil
}

// publicURL reports whether browsers can be sent there with a session: its cookie goes
// unencrypted on this machine only.
func publicURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || (u.Scheme == "http" && (u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())))
}
