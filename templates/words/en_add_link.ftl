# Adding by a link
add-me-title = Let others add you
add-me-detail = Anyone who opens this link or scans this code can add you here. Give it to the person yourself: in a message that you trust, or on your screen.
add-me-code = Your link as a QR code
add-me-link = Your link
add-me-share = Share…
add-me-why = The link says which key is yours. People who add you by it need not compare the safety number: nobody in between can pass off another key as yours. What the link says is not sent to this server when somebody opens it.
add-link-title = Add this contact?
add-link-detail = Did the person give you this link themselves? Then their key is verified at once.
add-link-action = Add
contacts-empty-link = Or let others add you
contacts-empty-key = Make a recovery key, for the day on which you forget your password
word-add-link-broken = This link is not whole. Ask for it again.
word-add-link-other-key = The server shows another key under this address than the link, or you know the contact by another one. Nobody was added. Ask the person for a new link, and not through this server.
word-add-link-own = This is your own link. Give it to others.
