package console

import (
	"net"
	"net/http"
	"net/url"
	paths "path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The cookies, by their plain names. On https they bear the prefix that binds them to this
// very host: no other name of the domain can set them, and they never go unencrypted.
const (
	sessionCookie = "refunddesk"
	pendingCookie = "refunddesk-sign-in"
	hostPrefix    = "__Host-"
)

// encrypted reports whether browsers reach the console by https.
func (c *Console) encrypted() bool { return c.public != nil && c.public.Scheme == "https" }

func (c *Console) cookieName(plain string) string {
	if c.encrypted() {
		return hostPrefix + plain
	}
	return plain
}

// setCookie sets a cookie that scripts cannot read; lasts 0 is until the browser closes, and
// less takes it away.
func (c *Console) setCookie(g *gin.Context, name, value string, lasts time.Duration) {
	cookie := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.encrypted(), SameSite: http.SameSiteLaxMode,
		MaxAge: int(lasts.Seconds()),
	}
	if lasts < 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(g.Writer, cookie)
}

// cookieOf gives a cookie's value; "" when it is not there, or there twice: which is ours
// cannot be said then.
func cookieOf(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// origin is where the browser finds the console.
func (c *Console) origin(r *http.Request) string {
	if c.public != nil {
		return originOf(c.public)
	}
	return "http://" + r.Host
}

func originOf(u *url.URL) string { return u.Scheme + "://" + u.Host }

// elsewhere gives the console's address when somebody on this machine has it open under
// another name of the machine, to which his issuer would not send him back.
func (c *Console) elsewhere(r *http.Request) string {
	if c.public == nil || c.encrypted() || r.Host == c.public.Host {
		return ""
	}
	if host, _, err := net.SplitHostPort(r.Host); err == nil && loopback(host) {
		return originOf(c.public)
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// mostReturn is the longest way back that is kept.
const mostReturn = 2000

// localPath is the path when it is one of ours, to go back to; else the start. Browsers read
// more as another host than net/url does: backslashes are slashes to them, and tabs and line
// breaks nothing at all.
func localPath(path string) string {
	ours := strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && len(path) <= mostReturn &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' })
	if !ours {
		return pathHome
	}
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Fragment != "" {
		return pathHome
	}
	// Going back to the ways in and out would go round in a circle, or out again. Browsers
	// work out dots before they ask.
	if folder := folderOf(paths.Clean(u.Path)); folder == folderOf(pathSignIn) || folder == folderOf(pathSignOut) || folder == folderOf(pathSignedOut) {
		return pathHome
	}
	return path
}
