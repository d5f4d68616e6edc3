"""Who answers: accounts are leased, failures become verdicts, another account repairs what one broke.

The pool knows accounts and events. How an account is asked (`Upstream`), where its state is kept
(`Ledger`) and who keeps the journal (`Journal`) come by argument.
"""
