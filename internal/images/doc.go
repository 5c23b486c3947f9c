// Package images is what machines are made of: Vagrant boxes that fbdock makes
// of cloud images, and engine images. They are pinned in a project's lock file,
// kept in one cache, and used from elsewhere than their publisher only with the
// user's consent.
package images
