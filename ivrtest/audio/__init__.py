"""Sound as 8 kHz mono int16 numpy arrays: files, codecs, tones, and which recording a stream plays."""
