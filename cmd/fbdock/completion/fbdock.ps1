# PowerShell completion of fbdock: dot-source this from your profile.
Register-ArgumentCompleter -Native -CommandName fbdock -ScriptBlock {
  param($word, $ast, $cursor)
  $words = @($ast.CommandElements | ForEach-Object { $_.ToString() } | Where-Object { $_ -ne $word })
  $rest = @($words | Select-Object -Skip 1)
  & $words[0] @rest --generate-bash-completion 2>$null | Where-Object { $_ -like "$word*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
