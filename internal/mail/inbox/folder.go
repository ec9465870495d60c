package inbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A mail is kept as it came, under two lines that the delivery adds, so that any mail program
// opens the file.
const (
	deliveredTo = "Delivered-To"
	receivedAt  = "X-Received-At"
	extension   = ".eml"
)

// fileName is the same for the same Message-ID, whatever characters are in that.
func fileName(messageID string, raw []byte) string {
	key := []byte("id:" + messageID)
	if messageID == "" {
		key = append([]byte("mail:"), raw...)
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16]) + extension
}

// save writes the whole mail or nothing.
func save(folder string, m Mail, raw []byte) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s: %s\r\n%s: %s\r\n", deliveredTo, strings.Join(m.To, ", "), receivedAt, m.Received.Format(time.RFC3339Nano))
	text.Write(raw)
	f, err := os.CreateTemp(folder, "new-*")
	if err != nil {
		return fmt.Errorf("keep a mail: %w", err)
	}
	_, err = f.Write(text.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, m.file))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep a mail: %w", err)
	}
	return nil
}

// load reads the folder's mails, oldest first, and makes the folder where there is none.
func load(folder string) ([]Mail, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("open the mail folder: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("open the mail folder: %w", err)
	}
	var mails []Mail
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if strings.HasPrefix(entry.Name(), "new-") {
			_ = os.Remove(path) // half a mail of a process that was killed; its sender tries again
			continue
		}
		if filepath.Ext(path) != extension || !entry.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a kept mail: %w", err)
		}
		m := parse(text)
		m.file = entry.Name()
		if message, err := netmail.ReadMessage(bytes.NewReader(text)); err == nil {
			m.To = strings.Split(message.Header.Get(deliveredTo), ", ")
			m.Received, _ = time.Parse(time.RFC3339Nano, message.Header.Get(receivedAt)) // the zero time sorts first
		}
		mails = append(mails, m)
	}
	slices.SortStableFunc(mails, func(a, b Mail) int { return a.Received.Compare(b.Received) })
	return mails, nil
}
