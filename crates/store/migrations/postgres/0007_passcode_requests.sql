-- Requests for passcodes of the last hour: they bound how many mails an account gets, also over a restart.
CREATE TABLE passcode_requests (
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    requested_at BIGINT NOT NULL
);

CREATE INDEX passcode_requests_user ON passcode_requests (user_id);
CREATE INDEX passcode_requests_age ON passcode_requests (requested_at);
