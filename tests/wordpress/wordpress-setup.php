// Installs WordPress as its own installer does, without a browser. Run by wordpress-run.php.
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/misc.php';
global $wp_rewrite;
$password = wp_generate_password(24, false);
wp_install('igny8 test site', 'admin', 'admin@example.test', true, '', $password);
$wp_rewrite->init();
$wp_rewrite->set_permalink_structure('/%postname%/');
$wp_rewrite->flush_rules(false);
$admin = get_user_by('login', 'admin')->ID;
[$app_password] = WP_Application_Passwords::create_new_application_password($admin, ['name' => 'igny8']);
echo wp_json_encode(['user' => 'admin', 'password' => $password, 'appPassword' => $app_password]);
