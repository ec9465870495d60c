package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// Message is a notice in words, in the customer's language.
type Message struct {
	Locale  string // that it is written in: "en" or "zh-Hans"
	Subject string // one line
	Text    string // for readers of plain text
	HTML    string // the same, for the others
}

//go:embed templates/*.tmpl
var layoutFiles embed.FS

// strictParser refuses a sentence that asks for a value nobody gave it.
var strictParser = &i18ntemplate.TextParser{Option: "missingkey=error"}

// words is what rendering needs, read once: the files are part of the program.
var words = sync.OnceValues(func() (*library, error) {
	sentences, err := readCatalogue(localeFiles)
	if err != nil {
		return nil, err
	}
	text, err := texttemplate.ParseFS(layoutFiles, "templates/message.txt.tmpl")
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	html, err := htmltemplate.ParseFS(layoutFiles, "templates/message.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &library{sentences: sentences, text: text, html: html}, nil
})

type library struct {
	sentences *catalogue
	text      *texttemplate.Template
	html      *htmltemplate.Template
}

// letter is what both layouts are filled with.
type letter struct {
	Lang, Headline, Greeting string
	subject                  string   // the sentence that is the subject
	Happened, Money, Next    string   // what happened, what it means for the money, who moves next
	Told                     string   // what made it so, as far as the customer is told
	Says                     string   // who the quoted words are of, when Happened does not say so
	Quote                    []string // what staff wrote, line by line
	Facts                    []fact
	Colon                    string // between a fact's label and its value
	Help, Automatic          string
}

type fact struct{ Label, Value string }

// publicReasons are the reason codes that a customer is told in words of their own. Any
// other code reads as "other": what a reviewer or a rule thought stays inside.
var publicReasons = map[string]struct {
	money bool // "the package keeps its balance" is no news or not true: a sentence of its own about the money
	next  bool // an appeal is not what helps: a sentence of its own about what does
}{
	"suspected_abuse":             {},
	"agreement_violated":          {},
	"unverified":                  {},
	otherReason:                   {},
	refund.OutcomeUnanswered:      {next: true},
	refund.OutcomeTerminated:      {money: true, next: true},
	refund.OutcomeDisputeLost:     {money: true, next: true},
	refund.OutcomeNothingToRefund: {money: true, next: true},
}

const otherReason = "other"

// Render puts the notice into words in its locale, English when we do not write that one.
// Whatever comes from outside is made one line first, so that a package's name can add
// neither a header nor a line to the message; only what staff wrote keeps its lines, each
// marked as quoted. Returns fault Internal "notice-unknown" for an event without words and
// "notice-incomplete" when a sentence misses a value; neither names the customer.
func Render(n Notice) (Message, error) {
	lib, err := words()
	if err != nil {
		return Message{}, err
	}
	if !slices.Contains(Events, n.Event) {
		return Message{}, fault.New(fault.Internal, "notice-unknown", "There are no words for a notice of this event.")
	}
	locale := lib.sentences.localeOf(n.Locale)
	data := map[string]string{
		"Name":     oneLine(n.Name, longestValue),
		"Package":  oneLine(n.PackageName, longestValue),
		"Amount":   oneLine(n.Amount, longestValue),
		"RefundID": oneLine(n.RefundID, longestValue),
		"TicketID": oneLine(n.TicketID, longestValue),
		"AnswerBy": oneLine(n.AnswerBy, longestValue),
		"Told":     oneLine(n.Told, longestTold),
	}
	r := &reader{localizer: lib.sentences.localizers[locale], data: data}
	l := compose(r, n)
	l.Lang = locale
	subject := r.say(l.subject)
	if r.err != nil {
		return Message{}, incomplete(r.err)
	}
	var text, html strings.Builder
	if err := lib.text.Execute(&text, l); err != nil {
		return Message{}, incomplete(err)
	}
	if err := lib.html.Execute(&html, l); err != nil {
		return Message{}, incomplete(err)
	}
	return Message{Locale: locale, Subject: oneLine(subject, longestTold), Text: text.String(), HTML: html.String()}, nil
}

func compose(r *reader, n Notice) letter {
	event := string(n.Event)
	greeting, help := "greeting", "help"
	if r.data["Name"] == "" {
		greeting = "greeting.nameless"
	}
	if r.data["RefundID"] != "" {
		help = "help.refund"
	}
	l := letter{Quote: lines(n.Text), subject: event + ".subject"}
	l.Facts = factsOf(r, n.Event)
	about := aboutOf(r)
	if r.data["Package"] == "" {
		r.data["Package"] = r.say("package.nameless") // sentences need a name, facts do not
	}
	happened, aboutMoney, next := event+".happened", event+".money", event+".next"
	switch n.Event {
	case Wrote:
		l.subject, happened, aboutMoney = l.subject+about, happened+about, ""
	case Asked, Reminded:
		if len(l.Quote) == 0 {
			happened += ".wordless" // the question is in the ticket
		}
		if r.data["AnswerBy"] == "" {
			next += ".undated"
		}
	case InReview:
		l.Told = told(r, event)
	case Rejected:
		reason := n.Reason
		if _, public := publicReasons[reason]; !public {
			reason = otherReason
		}
		r.data["Reason"] = r.say("reason." + reason)
		l.Told, l.Says = told(r, event), r.say(event+".words")
		if publicReasons[reason].money {
			aboutMoney += "." + reason
		}
		if publicReasons[reason].next {
			next += "." + reason
		}
	case Credited:
		l.Says = r.say(event + ".words")
	case Received, Withdrawn:
	}
	if aboutMoney != "" {
		l.Money = r.say(aboutMoney)
	}
	l.Headline, l.Greeting, l.Happened, l.Next = r.say(event+".headline"), r.say(greeting), r.say(happened), r.say(next)
	l.Colon, l.Help, l.Automatic = r.say("label.colon"), r.say(help), r.say("automatic")
	return l
}

// told is the sentence with what the customer may be told of why; nothing when that is nothing.
func told(r *reader, event string) string {
	if r.data["Told"] == "" {
		return ""
	}
	return r.say(event + ".told")
}

// aboutOf says what a conversation is about: ".refund", ".package" or, of a plain question, nothing.
func aboutOf(r *reader) string {
	switch {
	case r.data["RefundID"] != "":
		return ".refund"
	case r.data["Package"] != "":
		return ".package"
	}
	return ""
}

// factsOf are the facts of the notice that somebody gave.
func factsOf(r *reader, e Event) []fact {
	amountLabel := "label.asked"
	if e == Credited {
		amountLabel = "label.credited"
	}
	var facts []fact
	for _, f := range []fact{
		{"label.package", r.data["Package"]},
		{amountLabel, r.data["Amount"]},
		{"label.refund", r.data["RefundID"]},
		{"label.ticket", r.data["TicketID"]},
		{"label.answer_by", r.data["AnswerBy"]},
	} {
		if f.Value != "" {
			facts = append(facts, fact{Label: r.say(f.Label), Value: f.Value})
		}
	}
	return facts
}

func incomplete(cause error) error {
	return fault.New(fault.Internal, "notice-incomplete", "A sentence of the notice could not be put together.").With(cause)
}
