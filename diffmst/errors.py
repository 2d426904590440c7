"""The one exception for what a user can mend."""


class UserError(Exception):
    """Something the user gave cannot be used.

    The message is one line: it names the file or the value, states the rule, and says what to do. The command line
    prints it and exits with code 2.
    """
