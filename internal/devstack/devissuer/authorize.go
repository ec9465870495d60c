package devissuer

import (
	"bytes"
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/text/language"
)

var (
	//go:embed people.html
	peopleText string
	//go:embed people.css
	peopleStyle []byte

	people = template.Must(template.New("people").Parse(peopleText))
)

// request is what an authorization request asks for.
type request struct {
	redirect  string
	state     string
	nonce     string
	challenge string
	client    string
}

var challenges = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// readRequest reads an authorization request. problem is an OAuth 2.0 error code to send
// back; a redirect that is empty is one where nothing may be sent.
func readRequest(q url.Values) (a request, problem, detail string) {
	a = request{
		redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"),
		challenge: q.Get("code_challenge"), client: q.Get("client_id"),
	}
	switch {
	case a.client != ClientID:
		a.redirect = ""
		return a, "unauthorized_client", "client_id: must be " + ClientID
	case !onThisMachine(a.redirect, callbackPath):
		a.redirect = ""
		return a, "invalid_request", "redirect_uri: must be http on this machine, " + callbackPath
	case q.Get("response_type") != "code":
		return a, "unsupported_response_type", "response_type: must be code"
	case !strings.Contains(" "+q.Get("scope")+" ", " openid "):
		return a, "invalid_scope", "scope: must have openid"
	case q.Get("code_challenge_method") != "S256" || !challenges.MatchString(a.challenge):
		return a, "invalid_request", "code_challenge: must be of PKCE with S256"
	case q.Get("prompt") == "none":
		return a, "login_required", "nobody is signed in here"
	}
	return a, "", ""
}

// onThisMachine reports whether the address is http on a loopback host, with that path and
// nothing else.
func onThisMachine(address, path string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Path != path || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

// withParameters adds those that are not empty to an address without any.
func withParameters(address string, parameters map[string]string) string {
	q := url.Values{}
	for name, value := range parameters {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

// authorize shows who there is (GET), and signs in whom the button names (POST).
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	asked, problem, detail := readRequest(r.URL.Query())
	back := func(parameters map[string]string) {
		parameters["state"], parameters["iss"] = asked.state, issuerOf(r)
		http.Redirect(w, r, withParameters(asked.redirect, parameters), http.StatusSeeOther)
	}
	switch {
	case problem != "" && asked.redirect == "":
		http.Error(w, detail, http.StatusBadRequest)
		return
	case problem != "":
		back(map[string]string{"error": problem, "error_description": detail})
		return
	case r.Method != http.MethodPost:
		i.showPeople(w, r, asked)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "This was not sent from this page.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	name := r.PostFormValue("person")
	if name == "" && r.PostFormValue("cancel") != "" {
		back(map[string]string{"error": "access_denied"})
		return
	}
	if _, known := Demo[name]; !known {
		http.Error(w, "person: there is nobody of this name", http.StatusUnprocessableEntity)
		return
	}
	back(map[string]string{"code": i.codes.add(grant{request: asked, person: name, expires: i.now().Add(codeLasts)}, i.now())})
}

// localeCookie keeps the language that somebody chose in the console, which is of the same origin.
const localeCookie = "refunddesk-locale"

// person is a button of the page.
type person struct{ Name, Called, Role, Account, Initial string }

func (i *Issuer) showPeople(w http.ResponseWriter, r *http.Request, asked request) {
	say := sayings[0]
	wishes := r.Header.Get("Accept-Language")
	if chosen, err := r.Cookie(localeCookie); err == nil {
		wishes = chosen.Value
	}
	tags, _, _ := language.ParseAcceptLanguage(wishes) // nonsense is nobody's language
	if _, n, confidence := spoken.Match(tags...); confidence != language.No {
		say = sayings[n]
	}
	var all []person
	for _, name := range Names {
		who := Demo[name]
		all = append(all, person{Name: name, Called: who.Name, Role: say.Roles[string(who.Roles[0])], Account: who.AccountID, Initial: string([]rune(who.Name)[:1])})
	}
	var body bytes.Buffer
	err := people.Execute(&body, map[string]any{"Say": say, "People": all, "Action": Path + "/authorize?" + r.URL.RawQuery, "Style": Path + "/people.css"})
	if err != nil {
		i.log.Error("the page of the demo people", "error", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	// Browsers hold the redirect after the form to form-action, too.
	home, _ := url.Parse(asked.redirect) // readRequest has seen to it
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' http://"+home.Host+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Vary", "Accept-Language, Cookie")
	_, _ = body.WriteTo(w) // a reader who went away needs no answer
}

func styles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(peopleStyle)
}

// saying is the page's words in one language.
type saying struct {
	Lang, Title, Who, About, Cancel string
	Roles                           map[string]string
}

var (
	spoken  = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})
	sayings = []saying{{
		Lang: "en", Title: "Sign in to RefundDesk", Who: "Choose who signs in",
		About:  "This is the development program: these people are made up, and one click signs in.",
		Cancel: "Cancel",
		Roles: map[string]string{
			"customer": "Customer", "reviewer": "Reviewer", "senior_reviewer": "Senior reviewer",
			"auditor": "Auditor", "admin": "Administrator", "integrator": "A program: it has no pages",
		},
	}, {
		Lang: "zh-Hans", Title: "登录 RefundDesk", Who: "请选择登录身份",
		About:  "这是开发版程序：以下人员均为虚构，点击即可登录。",
		Cancel: "取消",
		Roles: map[string]string{
			"customer": "客户", "reviewer": "审核员", "senior_reviewer": "高级审核员",
			"auditor": "审计员", "admin": "管理员", "integrator": "对接程序：没有页面",
		},
	}}
)
