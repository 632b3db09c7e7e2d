# Les codes que lit une caméra.
scan-title = Scanner un code
scan-camera = Ce que voit la caméra
scan-add = Scanner le code de quelqu’un
scan-number = Scanner son code
safety-number-code = Le numéro de sûreté sous forme de code QR
word-scan-add-detail = Visez le code que l’autre personne voit sous « Se faire ajouter ».
word-scan-number-detail = Votre contact ouvre cette conversation et appuie sur « Numéro de sûreté ». Visez son code.
word-scan-same = Les codes sont les mêmes : personne n’est entre vous. Ce contact est maintenant vérifié.
word-scan-different = Ce code n’est pas le même. Ou bien ce n’est pas celui de ce contact, ou bien quelqu’un est entre vous. Comparez les chiffres avant d’écrire encore ce que d’autres ne doivent pas lire.
word-scan-is-number = C’est un numéro de sûreté. Pour le comparer, ouvrez la conversation et appuyez sur « Numéro de sûreté ».
word-scan-unknown = Ce n’est pas un code de ce site. Visez un code dans le Cliquet de l’autre personne.
word-scan-refused = Le navigateur ne laisse pas ce site utiliser la caméra. Autorisez-la dans ses réglages pour ce site, puis scannez à nouveau.
word-scan-no-camera = Aucune caméra ne répond. Un autre programme l’utilise peut-être : fermez-le, puis scannez à nouveau.
