"""The IVR that these tests call."""

DESK = """
ivrtest: flow/1
name: desk
entry: main
languages: [en]
prompts:
  menu: {en: "For opening hours, press 1. For your account, press 2."}
  account: {en: "Enter your account number."}
  thanks: {en: "Thank you for calling. Goodbye."}
nodes:
  main:
    menu:
      prompt: menu
      keys: {"1": bye, "2": account}
      no_input: {after: 20s, retries: 0, then: bye}
      no_match: {retries: 0, then: bye}
  account:
    collect:
      prompt: account
      into: account
      max: 5
      first_digit: 20s
      inter_digit: 5s
      attempts: 1
      exhausted: bye
      goto: bye
  bye:
    hang_up: {prompt: thanks}
"""
