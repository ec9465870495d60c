package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
)

func TestConfigThatMakesNoSenseNamesItsSetting(t *testing.T) {
	const from = "refunds@example.com"
	for _, c := range []struct{ url, from, says string }{
		{"", from, "--smtp (REFUNDDESK_SMTP)"},
		{"mail.example.com:25", from, "--smtp"},
		{"http://mail.example.com:25", from, "must begin with smtp:// or smtps://"},
		{"smtp://mail.example.com", from, "names no port"},
		{"smtp://:25", from, "names no host"},
		{"smtp://mail.example.com:0", from, "names no port"},
		{"smtp://mail.example.com:70000", from, "names no port"},
		{"smtp://secret@mail.example.com:25", from, "half a sign-in"},
		{"smtp://:secret@mail.example.com:25", from, "half a sign-in"},
		{"smtp://mail.example.com:25/inbox", from, "behind the port"},
		{"smtp://mail.example.com:25?tls=no", from, "behind the port"},
		{"smtp://u:secret%zz@mail.example.com:25", from, "is not a URL"},
		{"smtp://mail.example.com:25", "", "--mail-from (REFUNDDESK_MAIL_FROM)"},
		{"smtp://mail.example.com:25", "refunds", "--mail-from"},
		{"smtp://mail.example.com:25", "x <refunds@example.com>\r\nBcc: all@example.com", "--mail-from"},
		{"smtp://mail.example.com:25", "refunds@[127.0.0.1]", "Message-ID"},
	} {
		_, err := New(Config{URL: c.url, From: c.from})
		require.Error(t, err, c.url)
		require.ErrorContains(t, err, c.says)
		require.Equal(t, fault.Unprocessable, fault.From(err).Kind)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestConfigThatIsUnderstood(t *testing.T) {
	e, err := Config{URL: "smtps://desk:p%40ss@mail.example.com:465", From: "RefundDesk <refunds@desk.example.com>"}.read()
	require.NoError(t, err)
	require.Equal(t, "mail.example.com", e.host)
	require.Equal(t, 465, e.port)
	require.Equal(t, "desk", e.user)
	require.Equal(t, "p@ss", e.password)
	require.True(t, e.tls)
	require.False(t, e.local)
	require.Equal(t, "desk.example.com", e.idDomain, "the sender's domain unless another is given")

	for url, local := range map[string]bool{"smtp://localhost:25": true, "smtp://127.0.0.1:25": true, "smtp://[::1]:25": true, "smtp://10.0.0.1:25": false, "smtp://mailpit:1025": false} {
		e, err := Config{URL: url, From: "a@example.com"}.read()
		require.NoError(t, err, url)
		require.Equal(t, local, e.local, url)
	}
}
