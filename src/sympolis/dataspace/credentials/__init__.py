"""Trust between twins: who somebody is (did:web), what others say of them (verifiable credentials), how it is shown.

After the Decentralized Claims Protocol 1.0 of Eclipse: every message carries a token that its sender signed, and who
wants to know more asks the sender's credential service, whose address is in its DID document. Signatures are joserfc's,
certificates cryptography's; both load when they are first used.
"""
