<?php
// Asks MariaDB at the socket that is the first argument; {"sql": …, "parameters": […]} comes on stdin.
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$asked = json_decode(stream_get_contents(STDIN), true);
$database = new mysqli('localhost', 'root', '', 'wordpress', 0, $argv[1]);
$database->set_charset('utf8mb4');
$statement = $database->prepare($asked['sql']);
$statement->execute($asked['parameters']);
echo json_encode($statement->get_result()->fetch_all(MYSQLI_ASSOC), JSON_THROW_ON_ERROR);
