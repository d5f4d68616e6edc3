"""Signs accounts in again: a browser at the service's own pages, and the mailbox that its code comes to."""
