package state

import (
	"os"

	"golang.org/x/sys/windows"
)

const onWindows = true

// ownerOf is the owner of path.
func ownerOf(path string) (Owner, error) {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return "", &os.PathError{Op: "find the owner of", Path: path, Err: err}
	}
	sid, _, err := sd.Owner()
	if err != nil || sid == nil {
		return "", &os.PathError{Op: "find the owner of", Path: path, Err: err}
	}
	return Owner(sid.String()), nil
}

// user is the user that fbdock runs as.
func user() Owner {
	u, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return ""
	}
	return Owner(u.User.Sid.String())
}

func (o Owner) name() string {
	sid, err := windows.StringToSid(string(o))
	if err != nil {
		return ""
	}
	account, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return ""
	}
	return domain + `\` + account
}

func (o Owner) isSystem() bool {
	sid, err := windows.StringToSid(string(o))
	return err == nil && (sid.IsWellKnown(windows.WinLocalSystemSid) || sid.IsWellKnown(windows.WinBuiltinAdministratorsSid))
}

// accepts tells whether files of this owner are as good as the user's own:
// what an elevated user makes may belong to the Administrators.
func (s Store) accepts(o Owner) bool {
	if o.isUser() {
		return true
	}
	sid, err := windows.StringToSid(string(o))
	if err != nil || !sid.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return false
	}
	// The zero token stands for the thread's or the process's own.
	member, err := windows.Token(0).IsMember(sid)
	return err == nil && member
}
