# Codes that a camera reads.
scan-title = Scan a code
scan-camera = What the camera sees
scan-add = Scan somebody’s code
scan-number = Scan their code
safety-number-code = The safety number as a QR code
word-scan-add-detail = Hold the camera to the code that the other person sees under “Let others add you”.
word-scan-number-detail = Your contact opens this conversation and presses “Safety number”. Hold the camera to their code.
word-scan-same = The codes match: nobody sits between you. This contact is verified now.
word-scan-different = This code does not match. Either it is not this contact’s, or somebody sits between you. Compare the digits before you write anything more that others must not read.
word-scan-is-number = This is a safety number. To compare it, open the conversation and press “Safety number”.
word-scan-unknown = This is no code of this site. Hold the camera to a code in the other person’s Cliquet.
word-scan-refused = The browser does not let this site use the camera. Allow it in the browser’s settings for this site, then scan again.
word-scan-no-camera = No camera answers. Another program may be using it: close that program, then scan again.
