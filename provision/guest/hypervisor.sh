# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: whether bhyve can run in this guest, and its firmware. Sourced
# after lib.sh.
#
# kldload exits 0 and leaves hw.vmm sysctls behind even when vmm refused this
# CPU: only the module's own state and a virtual machine made for the test
# tell the truth.

uefi_variables=$db/uefi-vars.fd

# bhyve_refused prints why bhyve cannot run here, nothing when it can.
bhyve_refused() {
  [ ! -e /dev/vmm/fbdock ] || return 0
  attempt kldload -n vmm || true
  # Asked twice: the answer decides what runs the engine.
  if ! kldstat -qm vmm && ! kldstat -qm vmm; then
    reason=$(dmesg | grep -E 'vmx_modinit|vmx_init|SVM:|MOD_LOAD \(vmm' | tail -n 3 | tr '\n' ';')
    echo "${reason:-kldload vmm: $(words) and the kernel gave no reason}"
    return 0
  fi
  case $(sysctl -n hw.model) in
    *Intel*)
      for oid in hw.vmm.vmx.initialized hw.vmm.vmx.cap.unrestricted_guest; do
        if [ "$(sysctl -n "$oid" 2>/dev/null)" = 0 ]; then
          echo "$oid is 0: this CPU cannot start a UEFI guest here"
          return 0
        fi
      done
      ;;
  esac
  # A system without the userland yet is asked again when that is installed.
  command -v bhyvectl >/dev/null || return 0
  attempt bhyvectl --vm=fbdock-probe --destroy || true
  attempt bhyvectl --create --vm=fbdock-probe || echo "bhyvectl --create: status $rc: $(words)"
  attempt bhyvectl --vm=fbdock-probe --destroy || true
}

# uefi_file NAME prints where the package of bhyve's firmware has a file.
uefi_file() {
  for dir in /usr/local/share/uefi-firmware /usr/local/share/edk2-bhyve; do
    if [ -e "$dir/$1" ]; then
      echo "$dir/$1"
      return 0
    fi
  done
}

# uefi_code prints the firmware: its code apart from its variables, where the
# package has both. As one image it is read-only to the guest, and EDK2 202605
# dies when it probes its flash (vm_run error -1, errno 14).
uefi_code() {
  if [ -n "$(uefi_file BHYVE_UEFI_CODE.fd)" ] && [ -n "$(uefi_file BHYVE_UEFI_VARS.fd)" ]; then
    uefi_file BHYVE_UEFI_CODE.fd
  else
    uefi_file BHYVE_UEFI.fd
  fi
}

# uefi_vars makes the machine's own copy of the firmware's variables. A new
# image gets a new one: boot entries of the old one lead into the EFI shell.
uefi_vars() {
  case $(uefi_code) in
    *_CODE.fd) ;;
    *)
      rm -f "$uefi_variables"
      return 0
      ;;
  esac
  wanted="$(sha256 -q "$(uefi_file BHYVE_UEFI_VARS.fd)") $(zfs get -H -o value fbdock:image "$(pool)/fbdock/vm/root")"
  [ ! -e "$uefi_variables" ] || [ "$(fact uefi-vars)" != "$wanted" ] || return 0
  try cp "$(uefi_file BHYVE_UEFI_VARS.fd)" "$uefi_variables.new"
  try chmod 0600 "$uefi_variables.new"
  try mv -f "$uefi_variables.new" "$uefi_variables"
  put_fact uefi-vars "$wanted"
}

# decide_hypervisor writes down "bhyve" or "qemu REASON"; with
# hypervisor = "bhyve" and a guest that cannot, it ends the step with 3.
decide_hypervisor() {
  if beside; then
    put_fact hypervisor 'none since the engine is a VM beside FreeBSD'
    return 0
  fi
  if [ "$FBDOCK_HYPERVISOR" = qemu ]; then
    put_fact hypervisor 'qemu as fbdock.hcl asks'
    return 0
  fi
  refused=$(bhyve_refused)
  if [ -z "$refused" ]; then
    put_fact hypervisor bhyve
    return 0
  fi
  refused=$(one_line "$refused")
  note "bhyve refused: $refused"
  if [ "$FBDOCK_HYPERVISOR" = bhyve ]; then
    told=1
    say "fail bhyve cannot run in this guest: $refused | hint: $(provider_switch), or set hypervisor = \"auto\" for the slow qemu"
    exit 3
  fi
  # The first reason stays: dmesg forgets.
  case $(fact hypervisor) in
    'qemu as fbdock'* | bhyve | '') put_fact hypervisor "qemu since bhyve cannot run: $refused" ;;
  esac
}

hypervisor() {
  decided=$(fact hypervisor)
  printf '%s\n' "${decided%% *}"
}

# engine_inputs is what a running engine was started with, on one line: when
# it has changed the engine is started anew.
engine_inputs() {
  printf '%s ' "$(hypervisor)" "$FBDOCK_ENGINE_CPUS" "$FBDOCK_ENGINE_MEMORY" "$FBDOCK_ENGINE_MAC" "$FBDOCK_ENGINE_UUID" \
    "$(fact seed-id)" "$(zfs get -H -o value fbdock:image "$(pool)/fbdock/vm/root")" \
    "$(zfs get -H -p -o value volsize "$(pool)/fbdock/vm/data")" "$(shares 9p | awk '{ print $1 }' | tr '\n' ',')" \
    "$(sha256 -q "$libexec/fbdock-supervisor")"
  echo
}

# console_now prints what the engine has said on its console since its start.
console_now() {
  file=/var/log/fbdock-console.log
  from=$(cat "$run/console.from" 2>/dev/null) || from=0
  # The file was rotated since.
  [ "${from:-0}" -le "$(stat -f %z "$file" 2>/dev/null || echo 0)" ] || from=0
  tail -c "+$((${from:-0} + 1))" "$file" 2>/dev/null | tail -c 20000 | tr '\r' '\n' | tr -cd '[:print:]\n' | sed 's/ *$//' | grep .
}

# console_trouble prints the line of the console that says that the engine
# does not come up by itself: a panic, an emergency shell (mkinitfs, dracut,
# sulogin), firmware without a system, or a question that nobody answers.
console_trouble() {
  console_now | awk '
    /Kernel panic - not syncing/ || /emergency recovery shell launched/ || /You are in (emergency|rescue) mode/ ||
      /Give root password for maintenance/ || /grub rescue>/ || /UEFI Interactive Shell/ || /No bootable (option or )?device/ { found = $0 }
    { last = $0 }
    END {
      if (last ~ /[(\[][yY]\/[nN][)\]][^a-zA-Z0-9]*$/) found = last
      if (found != "") print found
    }'
}

# vm_age prints for how many seconds the engine runs.
vm_age() {
  since=$(date -r "$run/started" +%s 2>/dev/null) || since=$(date +%s)
  echo $(($(date +%s) - since))
}

# state is the supervisor's word: starting, running, backoff or stopped.
state() {
  line=
  [ ! -e "$run/state" ] || IFS= read -r line <"$run/state" || true
  printf '%s\n' "${line%% *}"
}

provider_switch() {
  case $FBDOCK_PROVIDER in
    virtualbox) echo 'VirtualBox: VBoxManage modifyvm NAME --nested-hw-virt on, and no Hyper-V or WSL2 on a Windows host' ;;
    vmware_desktop) echo 'VMware: vhv.enable = "TRUE" in the .vmx, and no Hyper-V or WSL2 on a Windows host' ;;
    libvirt | qemu) echo 'KVM: modprobe kvm_intel (or kvm_amd) with nested=1 on the host and pass the CPU through' ;;
    hyperv) echo "Hyper-V: Set-VMProcessor NAME -ExposeVirtualizationExtensions \$true" ;;
    parallels) echo 'Parallels: prlctl set NAME --nested-virt on (Intel Macs, Pro edition)' ;;
    ssh | native) echo "switch virtualization (VT-x or SVM) on in the setup of this computer's firmware, or, where it is a VM itself, nesting in its hypervisor" ;;
    utm) echo 'UTM cannot nest virtual machines' ;;
    *) echo "switch nested virtualization on for provider $FBDOCK_PROVIDER" ;;
  esac
}
