-- What an application has in Flyway's default location: a first version of its own.
CREATE TABLE orders
(
    id       bigint PRIMARY KEY,
    customer text NOT NULL
);
